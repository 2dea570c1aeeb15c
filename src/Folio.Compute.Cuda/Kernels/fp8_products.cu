// What stands before and behind a product of fp8 (e4m3) by fp8 that a library makes: rows are quantised, each with a scale of its own, and what the codes' product is worth comes from
// the scales of its row and its output.
//
// Bound: memory bandwidth; of few rows, the launch. Quantising reads x twice (the second time from a cache) and writes half of it; scaling reads 2 bytes a value, and writes or adds 4.
//
// Left open: X (the type of x: bf16 or f16).
#include "kv_numbers.cuh"
#include "reductions.cuh"

constexpr int threads = 256;

struct QuantizeRowsArguments
{
    const X* x;      // [rows, inputs], rows x_stride apart; inputs, and x_stride, multiples of 8
    e4m3* codes;     // [rows, inputs]
    float* scales;   // [rows] x is about codes · scale
    int inputs, x_stride;
};

DEVICE float larger(uint32 pair) { return fmaxf(fabsf(half_of<X>(pair, 0)), fabsf(half_of<X>(pair, 1))); }

DEVICE uint32 codes_of(uint32 low, uint32 high, float factor)
{
    return code_of(from_float<e4m3>(half_of<X>(low, 0) * factor)) | code_of(from_float<e4m3>(half_of<X>(low, 1) * factor)) << 8
        | code_of(from_float<e4m3>(half_of<X>(high, 0) * factor)) << 16 | code_of(from_float<e4m3>(half_of<X>(high, 1) * factor)) << 24;
}

// A block takes a row. Its largest magnitude becomes e4m3's.
KERNEL(quantize_rows, QuantizeRowsArguments, threads)
{
    constexpr float largest_code = 448, least = 1e-30f; // of a row of zeros: its inverse is a number
    SharedArena arena;
    Shared<float> parts = arena.take<float>(threads / 32);
    const X* x = a.x + static_cast<int64>(blockIdx.x) * a.x_stride;
    e4m3* codes = a.codes + static_cast<int64>(blockIdx.x) * a.inputs;
    float largest = least;
    for (int i = threadIdx.x * 8; i < a.inputs; i += threads * 8)
    {
        uint4 eight = load<uint4>(x + i);
        largest = fmaxf(largest, fmaxf(fmaxf(larger(eight.x), larger(eight.y)), fmaxf(larger(eight.z), larger(eight.w))));
    }

    largest = block_max(largest, parts);
    float factor = largest_code / largest;
    for (int i = threadIdx.x * 8; i < a.inputs; i += threads * 8)
    {
        uint4 eight = load<uint4>(x + i);
        store(codes + i, uint2{codes_of(eight.x, eight.y, factor), codes_of(eight.z, eight.w, factor)});
    }

    if (threadIdx.x == 0) a.scales[blockIdx.x] = largest / largest_code;
}

constexpr int outputs_of_thread = 4;
constexpr int rows_of_block = 4;   // that share the outputs' scales and biases

struct ScaleProductArguments
{
    const bf16* product;         // [rows, outputs] of codes
    const float* row_scales;     // [rows]
    const float* output_scales;  // [outputs]
    const float* bias;           // [outputs] null: none
    float* y;                    // [rows, outputs], rows y_stride apart; at multiples of 16 bytes
    int rows, outputs, y_stride, accumulate;
};

KERNEL(scale_product, ScaleProductArguments, threads)
{
    int output = (blockIdx.x * threads + threadIdx.x) * outputs_of_thread;
    if (output >= a.outputs) return;
    float4 scales = load<float4>(a.output_scales + output), bias = {};
    if (a.bias != nullptr) bias = load<float4>(a.bias + output);
    int first = blockIdx.y * rows_of_block, end = min(first + rows_of_block, a.rows);
    for (int row = first; row < end; row++)
    {
        uint2 product = load<uint2>(a.product + static_cast<int64>(row) * a.outputs + output);
        float* to = a.y + static_cast<int64>(row) * a.y_stride + output;
        float scale = a.row_scales[row];
        float4 y = a.accumulate != 0 ? load<float4>(to) : float4{};
        y.x += half_of<bf16>(product.x, 0) * scale * scales.x + bias.x;
        y.y += half_of<bf16>(product.x, 1) * scale * scales.y + bias.y;
        y.z += half_of<bf16>(product.y, 0) * scale * scales.z + bias.z;
        y.w += half_of<bf16>(product.y, 1) * scale * scales.w + bias.w;
        store(to, y);
    }
}
