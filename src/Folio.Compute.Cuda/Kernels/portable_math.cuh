// Elementary functions with the CPU's bits: VectorMath's chains of multiply-adds, step by step. Nothing may be fused that isn't written as fmaf.
#pragma once
#include "gpu.cuh"

// e^x for x that is a number: VectorMath.Exp.
DEVICE float portable_exp(float x)
{
    constexpr float round = 12582912;           // 1.5 · 2²³: adding it rounds to an integer, kept in the low bits
    x = fminf(89, fmaxf(-88, x));
    float shifted = fmaf(x, 1.44269504f, round), n = shifted - round;
    float f = fmaf(n, -6.93145752e-1f, x);      // ln 2 in two parts, the first with trailing zeros
    f = fmaf(n, -1.42860677e-6f, f);

    float p = 1.37805939e-3f;
    p = fmaf(p, f, 8.37312452e-3f);
    p = fmaf(p, f, 4.16695364e-2f);
    p = fmaf(p, f, 1.66664720e-1f);
    p = fmaf(p, f, 4.99999851e-1f);
    p = fmaf(p, f, 1);
    p = fmaf(p, f, 1);
    return p * __int_as_float((__float_as_int(shifted) - __float_as_int(round) + 127) << 23);
}

// ln(1 + f) + k · ln 2 for f in [−1/3, 1/3]: VectorMath.LogOnePlus.
DEVICE float portable_log_one_plus(float f, float k)
{
    float s = f * f, even = -0.130310059f, odd = 0.140869141f;
    even = fmaf(even, s, -0.121483512f);
    odd = fmaf(odd, s, 0.139814854f);
    even = fmaf(even, s, -0.166846126f);
    odd = fmaf(odd, s, 0.200120345f);
    even = fmaf(even, s, -0.249996200f);
    float r = fmaf(odd, f, even);
    r = fmaf(r, f, 0.333331972f);
    r = fmaf(r, f, -0.5f);
    r = fmaf(r, s, f);
    return fmaf(k, 6.93147182e-1f, r);
}
