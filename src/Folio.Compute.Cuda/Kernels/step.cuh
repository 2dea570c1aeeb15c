// What all of attention's kernels know of a step.
#pragma once
#include "gpu.cuh"

constexpr float log2_e = 1.4426950408889634f;

// What the host knows of a step's attention, at the beginning of the step's numbers; offsets are from there, in numbers.
struct StepHeader
{
    int tables;             // [sequences] where a sequence's block table is
    int item_count, items;  // [items] sequence | partition << 16
    int unused;

    DEVICE const int* table(int sequence) const { return numbers(numbers(tables)[sequence]); }
    DEVICE const int* numbers(int offset) const { return reinterpret_cast<const int*>(this) + offset; }
};

struct Visible
{
    int first, end;  // positions that a row sees
};

// cap · tanh(score / cap), to 2⁻²² of the cap, in powers of two: tanhf takes more registers than there are.
DEVICE float soft_capped(float score, float cap) { return __fmul_rn(log2_e, cap) - __fdividef(2 * log2_e * cap, exp2f(score * (2 * log2_e / cap)) + 1); }
