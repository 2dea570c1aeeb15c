// The 8-bit numbers of a KV cache: e4m3 as they are (4 bits of exponent, 3 of mantissa; OCP's 8-bit floating point), int8 in multiples of their row's scale. Matrix instructions
// take them as 16-bit numbers, in which they are exact: e4m3 as f16, by an instruction from sm_89 on, int8 as bf16, since weights times scales need the range of fp32.
#pragma once
#include "gpu.cuh"

struct e4m3 { uint8 bits; };

template <class T> struct Stored { using Factor = T; static constexpr bool has_scales = false; };
template <> struct Stored<e4m3> { using Factor = f16; static constexpr bool has_scales = false; };
template <> struct Stored<int8> { using Factor = bf16; static constexpr bool has_scales = true; };

// To the nearest, ties to even; what is too large becomes the largest, 448.
template <> DEVICE e4m3 from_float<e4m3>(float x)
{
    uint32 sign = __float_as_uint(x) >> 24 & 0x80, code = 0x7F; // which is no number
    float magnitude = fminf(fabsf(x), 448);
    uint32 bits = __float_as_uint(magnitude);
    if (magnitude < 1 / 64.0f) code = __float_as_uint(magnitude + 16384) & 15; // multiples of 2⁻⁹, the last bit of 16384
    else if (x == x) code = ((bits + 0x7FFFF + (bits >> 20 & 1)) >> 20) - (120 << 3);
    return {static_cast<uint8>(sign | code)};
}

constexpr float largest_int8 = 127;

// Of a number in scales: to the nearest, ties to even.
template <> DEVICE int8 from_float<int8>(float x) { return static_cast<int8>(fminf(fmaxf(rintf(x), -largest_int8), largest_int8)); }

DEVICE uint32 code_of(e4m3 x) { return x.bits; }
DEVICE uint32 code_of(int8 x) { return static_cast<uint8>(x); }
template <> DEVICE void store_pair<e4m3>(e4m3* to, float2 x) { store(to, static_cast<uint16>(code_of(from_float<e4m3>(x.x)) | code_of(from_float<e4m3>(x.y)) << 8)); }
template <> DEVICE void store_pair<int8>(int8* to, float2 x) { store(to, static_cast<uint16>(code_of(from_float<int8>(x.x)) | code_of(from_float<int8>(x.y)) << 8)); }

// Four numbers of a word, as pairs of 16-bit ones: those of bytes 0 and 2, those of bytes 1 and 3.
struct Widened { uint32 even, odd; };
template <class T> DEVICE Widened widen(uint32 bytes);

// Of each half's low byte. 0x4300 with the low bits is 128 and they, with the sign's bit 128 or 256: the difference is the number.
DEVICE uint32 bf16_of_int8(uint32 bytes)
{
    constexpr uint32 minus_one = 0xBF80BF80;
    return multiply_add_pairs<bf16>((bytes & 0x00800080) | 0x43004300, minus_one, (bytes & 0x007F007F) | 0x43004300);
}

template <> DEVICE Widened widen<int8>(uint32 bytes) { return {bf16_of_int8(bytes), bf16_of_int8(bytes >> 8)}; }

// Of each half's high byte. The bits, put where f16 has its own, are the number times 2⁻⁸, be it subnormal or not; what is no number becomes 480.
DEVICE uint32 f16_of_e4m3_bits(uint32 bytes)
{
    constexpr uint32 power = 0x5C005C00, minus_zero = 0x80008000; // 2⁸
    return multiply_add_pairs<f16>((bytes & 0x80008000) | (bytes >> 1 & 0x3F803F80), power, minus_zero);
}

template <> DEVICE Widened widen<e4m3>(uint32 bytes)
{
#if HAS_E4M3
    uint32 dealt = __byte_perm(bytes, 0, 0x3120);
    return {f16_of_e4m3(dealt), f16_of_e4m3(dealt >> 16)};
#else
    return {f16_of_e4m3_bits(bytes << 8), f16_of_e4m3_bits(bytes)};
#endif
}
