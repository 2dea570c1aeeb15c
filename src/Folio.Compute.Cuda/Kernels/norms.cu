// RMS norm and layer norm over rows, or, for RMS norm, over each head of a row. The residual needs no pass of its own: the product before adds to it where it lies.
//
// x [rows, columns] fp32; y = x / sqrt(mean(x²) + ε) · weight, over groups of `columns` values. y may be x.
// A block takes one group, with a thread for every quad of it as far as threads go. A thread sums its own columns in ascending order and a butterfly sums threads, so a group's bits depend
// on nothing but `columns`. Up to 8192 columns all that a group needs is read at once, to registers; what lies beyond is read again for each pass.
// Bound: memory bandwidth, at 16 KB and more in flight on a multiprocessor for each block of 4096 columns; at few rows, the launch and one access to memory.
//
// Left open: Y (the type of y).
#include "quads.cuh"
#include "reductions.cuh"

constexpr int most_threads = 512;
constexpr int held_quads = 4; // of a thread, in registers

// f(first column, number of the quad) for each of this thread's quads of a row.
template <class F> DEVICE void each_quad(int columns, F f)
{
#pragma unroll
    for (int quad = 0; quad < held_quads; quad++)
    {
        int column = (quad * blockDim.x + threadIdx.x) * 4;
        if (column < columns) f(column, quad);
    }

    for (int column = (held_quads * blockDim.x + threadIdx.x) * 4; column < columns; column += blockDim.x * 4) f(column, held_quads);
}

// What this thread has of a row: of x, of weights, of a bias.
struct Row
{
    const float* from;    // null: all values are `missing`
    float missing;
    int columns;
    bool whole;
    float4 held[held_quads];

    DEVICE Row(const float* from, float missing, int columns, bool whole) : from(from), missing(missing), columns(columns), whole(whole)
    {
#pragma unroll
        for (int quad = 0; quad < held_quads; quad++)
        {
            int column = (quad * blockDim.x + threadIdx.x) * 4;
            held[quad] = column < columns ? read(column) : float4{0, 0, 0, 0};
        }
    }

    DEVICE float4 read(int column) const { return from != nullptr ? load_quad(from + column, columns - column, whole) : float4{missing, missing, missing, missing}; }
    DEVICE float4 at(int column, int quad) const { return quad < held_quads ? held[quad] : read(column); }
};

struct RmsNormArguments
{
    const float* x;
    const float* weight;
    Y* y;
    int columns, groups, x_stride, y_stride; // `groups` of `columns` values to a row
    float epsilon;
};

KERNEL(rms_norm, RmsNormArguments, most_threads)
{
    SharedArena arena;
    Shared<float> parts = arena.take<float>(most_threads / 32);
    bool whole = a.columns % 4 == 0 && has_quads(a.x, a.x_stride) && has_quads(a.y, a.y_stride) && has_quads(a.weight, 0);
    int64 row = blockIdx.x / a.groups, offset = static_cast<int64>(blockIdx.x % a.groups) * a.columns;
    Row x(a.x + row * a.x_stride + offset, 0, a.columns, whole), weight(a.weight, 1, a.columns, whole);
    float squares = 0;
    each_quad(a.columns, [&](int column, int quad)
    {
        float4 v = x.at(column, quad);
        squares = fmaf(v.w, v.w, fmaf(v.z, v.z, fmaf(v.y, v.y, fmaf(v.x, v.x, squares))));
    });

    float factor = rsqrtf(block_sum(squares, parts) / a.columns + a.epsilon);
    Y* y = a.y + row * a.y_stride + offset;
    each_quad(a.columns, [&](int column, int quad)
    {
        float4 v = x.at(column, quad), w = weight.at(column, quad);
        store_quad(y + column, float4{v.x * factor * w.x, v.y * factor * w.y, v.z * factor * w.z, v.w * factor * w.w}, a.columns - column, whole);
    });
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

KERNEL(layer_norm, LayerNormArguments, most_threads)
{
    SharedArena arena;
    Shared<float> parts = arena.take<float>(most_threads / 32);
    bool whole = a.columns % 4 == 0 && has_quads(a.x, a.x_stride) && has_quads(a.y, a.y_stride) && has_quads(a.weight, 0) && has_quads(a.bias, 0);
    Row x(a.x + static_cast<int64>(blockIdx.x) * a.x_stride, 0, a.columns, whole), weight(a.weight, 1, a.columns, whole), bias(a.bias, 0, a.columns, whole);
    float sum = 0, squares = 0;
    each_quad(a.columns, [&](int column, int quad)
    {
        float4 v = x.at(column, quad);
        sum = sum + v.x + v.y + v.z + v.w;
    });

    float mean = block_sum(sum, parts) / a.columns;
    each_quad(a.columns, [&](int column, int quad)
    {
        float4 v = x.at(column, quad);
        float from_mean[4] = {v.x - mean, v.y - mean, v.z - mean, v.w - mean};
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (column + i < a.columns) squares = fmaf(from_mean[i], from_mean[i], squares);
    });

    float factor = rsqrtf(block_sum(squares, parts) / a.columns + a.epsilon);
    Y* y = a.y + static_cast<int64>(blockIdx.x) * a.y_stride;
    each_quad(a.columns, [&](int column, int quad)
    {
        float4 v = x.at(column, quad), w = weight.at(column, quad), b = bias.at(column, quad);
        float4 normed{(v.x - mean) * factor * w.x + b.x, (v.y - mean) * factor * w.y + b.y, (v.z - mean) * factor * w.z + b.z, (v.w - mean) * factor * w.w + b.w};
        store_quad(y + column, normed, a.columns - column, whole);
    });
}
