// Eight values of a row of stored weights as matrix instructions take them: four pairs in X, exact. Dense values are what they are; codes come without their scale and shift, and those
// that have a shift with `code_bias` added, for the shift to take away again. A pair of codes is bytes 0 and 2, or 1 and 3, of a word: that takes fewer operations than neighbours would, so x
// is dealt the same way.
//
// Left open: X (bf16 or f16), and weights.cuh's.
#pragma once
#include "linear.cuh"

// Both halves: 1, −1, a number whose last bit is 1 (so that codes can be put into its bits), and how the bits of E4M3 become those of X, which are the number divided by a power.
template <class T> struct Pair;
template <> struct Pair<bf16> { static constexpr uint32 one = 0x3F803F80, minus_one = 0xBF80BF80, bias = 0x43004300, e4m3_shift = 4, e4m3_bits = 0x07F007F0, e4m3_power = 0x7B807B80; };
template <> struct Pair<f16> { static constexpr uint32 one = 0x3C003C00, minus_one = 0xBC00BC00, bias = 0x64006400, e4m3_shift = 1, e4m3_bits = 0x3F803F80, e4m3_power = 0x5C005C00; };

// 128 in bf16, 1024 in f16.
DEVICE float code_bias() { return half_of<X>(Pair<X>::bias, 0); }

// Of each half's low byte.
DEVICE uint32 pair_of_codes(uint32 bytes)
{
#if FORMAT == grouped_fp8
    constexpr uint32 minus_zero = 0x80008000;
    return multiply_add_pairs<X>((bytes << 8 & 0x80008000) | (bytes << 8 >> Pair<X>::e4m3_shift & Pair<X>::e4m3_bits), Pair<X>::e4m3_power, minus_zero);
#elif AFFINE
    return (bytes & (FORMAT == grouped_int4 ? 0x000F000F : 0x007F007F)) | Pair<X>::bias;
#else
    // The bias with the low bits, less the bias with the sign's bit, which adds 128 in either type.
    return multiply_add_pairs<X>((bytes & 0x00800080) | Pair<X>::bias, Pair<X>::minus_one, (bytes & 0x007F007F) | Pair<X>::bias);
#endif
}

DEVICE void pairs_of_codes(uint32 (&to)[4], uint2 codes)
{
    to[0] = pair_of_codes(codes.x), to[1] = pair_of_codes(codes.x >> 8);
    to[2] = pair_of_codes(codes.y), to[3] = pair_of_codes(codes.y >> 8);
}

// Eight values of x in the order of a row's.
DEVICE void deal(uint32 (&to)[4], uint4 x)
{
    to[0] = x.x, to[1] = x.y, to[2] = x.z, to[3] = x.w;
    if (!is_grouped) return;
#pragma unroll
    for (int i = 0; i < 4; i += 2)
    {
        uint32 low = to[i], high = to[i + 1];
        to[i] = __byte_perm(low, high, 0x5410);
        to[i + 1] = __byte_perm(low, high, 0x7632);
    }
}
