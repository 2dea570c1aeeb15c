// RMS norm and layer norm over rows, or, for RMS norm, over each head of a row. The residual needs no pass of its own: the product before adds to it where it lies.
//
// x [rows, columns] fp32; y = x / sqrt(mean(x²) + ε) · weight, over groups of `columns` values. y may be x.
// A block takes one group. A thread sums its own columns in ascending order and a butterfly sums threads, so a group's bits depend on nothing else.
// Bound: memory bandwidth; at one row, the launch.
//
// Left open: Y (the type of y).
#include "reductions.cuh"

constexpr int threads = 256;

struct RmsNormArguments
{
    const float* x;
    const float* weight;
    Y* y;
    int columns, groups, x_stride, y_stride; // `groups` of `columns` values to a row
    float epsilon;
};

KERNEL(rms_norm, RmsNormArguments, threads)
{
    SharedArena arena;
    Shared<float> parts = arena.take<float>(threads / 32);
    int64 row = blockIdx.x / a.groups, offset = static_cast<int64>(blockIdx.x % a.groups) * a.columns;
    const float* x = a.x + row * a.x_stride + offset;
    float squares = 0;
    for (int i = threadIdx.x; i < a.columns; i += threads) squares = fmaf(x[i], x[i], squares);

    float factor = rsqrtf(block_sum(squares, parts) / a.columns + a.epsilon);
    Y* y = a.y + row * a.y_stride + offset;
    for (int i = threadIdx.x; i < a.columns; i += threads) y[i] = from_float<Y>(x[i] * factor * a.weight[i]);
}

struct LayerNormArguments
{
    const float* x;
    const float* weight;  // null: ones
    const float* bias;    // null: zeros
    Y* y;
    int columns, x_stride, y_stride;
    float epsilon;
};

KERNEL(layer_norm, LayerNormArguments, threads)
{
    SharedArena arena;
    Shared<float> parts = arena.take<float>(threads / 32);
    const float* x = a.x + static_cast<int64>(blockIdx.x) * a.x_stride;
    float sum = 0, squares = 0;
    for (int i = threadIdx.x; i < a.columns; i += threads) sum += x[i];
    float mean = block_sum(sum, parts) / a.columns;
    for (int i = threadIdx.x; i < a.columns; i += threads) squares = fmaf(x[i] - mean, x[i] - mean, squares);
    float factor = rsqrtf(block_sum(squares, parts) / a.columns + a.epsilon);
    Y* y = a.y + static_cast<int64>(blockIdx.x) * a.y_stride;
    for (int i = threadIdx.x; i < a.columns; i += threads)
    {
        float value = (x[i] - mean) * factor;
        if (a.weight != nullptr) value *= a.weight[i];
        if (a.bias != nullptr) value += a.bias[i];
        y[i] = from_float<Y>(value);
    }
}
