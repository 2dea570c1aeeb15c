// Stored matrices [outputs, inputs] as products read them. 16 bytes of codes are weights_per_load values of a row, in ascending order but for int4, whose byte i holds value i
// (low half) and value i + 16 (high half), as GGUF's Q4_0 has them. Quantised rows have a plane of their own for what a group of GROUP values shares.
//
// Left open: FORMAT (dense_f32, dense_bf16, dense_f16, grouped_int8, grouped_int4, grouped_fp8). Grouped values are code · scale, with AFFINE code · scale + shift; codes of int4, and
// of int8 with a shift, are unsigned (and below 128), those of fp8 are E4M3. GROUP, a multiple of 16, is how many values share these.
#pragma once
#include "gpu.cuh"

#define dense_f32 0
#define dense_bf16 1
#define dense_f16 2
#define grouped_int8 3
#define grouped_int4 4
#define grouped_fp8 5
#ifndef AFFINE
#define AFFINE 0
#endif

constexpr bool is_grouped = FORMAT >= grouped_int8;
constexpr int weights_per_load = FORMAT == dense_f32 ? 4 : FORMAT == grouped_int8 || FORMAT == grouped_fp8 ? 16 : FORMAT == grouped_int4 ? 32 : 8;

struct WeightRows
{
    const uint8* codes;  // [outputs, inputs] in 32, 16, 8 or 4 bits
    const f16* groups;   // [outputs, inputs / GROUP] scales (of fp8: fp32), or with AFFINE [outputs, inputs / GROUP, 2]: scale, shift
    int64 inputs;

    DEVICE const uint8* row(int output) const { return codes + output * inputs * 16 / weights_per_load; }
};

#if FORMAT >= grouped_int8
struct GroupValues { float scale, shift; };

// Four bytes with what a group shares: all of them, or the half that the group's number says (0: the low one).
constexpr bool shares_words = FORMAT == grouped_fp8 || AFFINE;

DEVICE const f16* group_word(const WeightRows& weights, int64 group) { return weights.groups + (shares_words ? group * 2 : group / 2 * 2); }

DEVICE GroupValues group_of(uint32 word, int half)
{
#if FORMAT == grouped_fp8
    return {__uint_as_float(word), 0};
#elif AFFINE
    return {half_of<f16>(word, 0), half_of<f16>(word, 1)};
#else
    return {half_of<f16>(word, half), 0};
#endif
}

DEVICE int64 group_index(const WeightRows& weights, int output, int input) { return (output * weights.inputs + input) / GROUP; }

DEVICE GroupValues load_group(const WeightRows& weights, int output, int input)
{
    int64 group = group_index(weights, output, input);
    return group_of(shares_words ? load<uint32>(group_word(weights, group)) : weights.groups[group].bits, 0);
}

// Byte i of a word, less `offset`. As the lowest bits of 2²³ it is a number already: two plain instructions, where a conversion is one of a slower unit's.
DEVICE float byte_of(uint32 word, int i, float offset = 0) { return __uint_as_float(__byte_perm(word, 0x4B000000, 0x7650 + i)) - (8388608 + offset); }

// Values four `part` and on of one load, in ascending order.
DEVICE void decode4(float (&to)[4], uint4 codes, int part, GroupValues group)
{
    uint32 words[4] = {codes.x, codes.y, codes.z, codes.w};
#if FORMAT == grouped_int4
    uint32 word = words[part % 4] >> part / 4 * 4 & 0x0F0F0F0F;
#else
    uint32 word = words[part];
#endif
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
#if FORMAT == grouped_fp8
        // The bits of E4M3 in those of f16, whose exponent has a bias of 15 instead of 7; two codes at once. Codes of no number are read as 480.
        uint32 high = i % 2 == 0 ? word << 8 : word;
        to[i] = half_of<f16>((high & 0x80008000) | (high >> 1 & 0x3F803F80), i / 2) * (256 * group.scale);
#elif AFFINE
        to[i] = fmaf(byte_of(word, i), group.scale, group.shift);
#else
        to[i] = byte_of(word ^ 0x80808080, i, 128) * group.scale;
#endif
    }
}
#else
constexpr int GROUP = 1 << 30;

struct GroupValues {};

DEVICE GroupValues load_group(const WeightRows&, int, int) { return {}; }

DEVICE void decode4(float (&to)[4], uint4 codes, int part, GroupValues)
{
    uint32 words[4] = {codes.x, codes.y, codes.z, codes.w};
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
#if FORMAT == dense_f32
        to[i] = __uint_as_float(words[i]);
#elif FORMAT == dense_bf16
        to[i] = half_of<bf16>(words[part * 2 + i / 2], i % 2);
#else
        to[i] = half_of<f16>(words[part * 2 + i / 2], i % 2);
#endif
    }
}
#endif
