// The random numbers of sampling, CounterRandom's bits: Philox4x32-10 with key = seed and counter = (⌊id / 32⌋ · 8 + id mod 8, position, 0).
#pragma once
#include "portable_math.cuh"

// The random bits of the ids first, first + 8, first + 16 and first + 24, where first % 32 < 8: the four words of one counter.
DEVICE void random_words(uint32 (&words)[4], uint64 seed, int64 position, int first)
{
    constexpr uint32 multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
    uint32 c0 = first / 32 * 8 + first % 8, c1 = static_cast<uint32>(position), c2 = static_cast<uint32>(position >> 32), c3 = 0;
    uint32 key0 = static_cast<uint32>(seed), key1 = static_cast<uint32>(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++)
    {
        uint32 low0 = multiplier0 * c0, low1 = multiplier1 * c2, high0 = __umulhi(multiplier0, c0), high1 = __umulhi(multiplier1, c2);
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }

    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

// Standard exponential noise: −ln(1 − v), v = (bits + ½) / 2³². In [2⁻³³, 22.9].
DEVICE float exponential(uint32 bits)
{
    bool far = static_cast<int>(bits) < 0;
    float t = (static_cast<float>(static_cast<int>(far ? ~bits : bits)) + 0.5f) * (1 / 4294967296.0f);
    if (far) // ln t: the mantissa in [2/3, 4/3) and its exponent
    {
        int exponent = (__float_as_int(t) - 0x3F2AAAAB) & static_cast<int>(0xFF800000u);
        return -portable_log_one_plus(__int_as_float(__float_as_int(t) - exponent) - 1, static_cast<float>(exponent >> 23));
    }

    bool beyond = t > 1.0f / 3; // ln(1 − t): f = −t, or 2(1 − t) − 1 with k = −1
    return -portable_log_one_plus(beyond ? fmaf(t, -2, 1) : -t, beyond ? -1.0f : 0.0f);
}
