// What is done value by value: rotations, activations, sums, gathered rows. fp32 in; out in Y where products follow.
//
// A block takes a row, or a slice of one where blockIdx.y counts slices. Bound: memory bandwidth; at few rows, the launch.
//
// Left open: Y (the type of what products read).
#include "gpu.cuh"

constexpr int threads = 256;

struct GatherRowsArguments
{
    const float* x;
    const int* rows;  // [gridDim.x]
    float* y;
    int columns, x_stride, y_stride;
};

KERNEL(gather_rows, GatherRowsArguments, threads)
{
    const float* from = a.x + static_cast<int64>(a.rows[blockIdx.x]) * a.x_stride;
    float* to = a.y + static_cast<int64>(blockIdx.x) * a.y_stride;
    for (int i = threadIdx.x; i < a.columns; i += blockDim.x) to[i] = from[i];
}

struct RopeArguments
{
    float* x;               // [rows, heads · head_dim], in place
    const float* cosines;   // [any, half], rows angle_stride apart
    const float* sines;
    const int* angle_rows;  // [rows] null: each its own
    int heads, head_dim, half, angle_stride, x_stride, interleaved;
};

KERNEL(rope, RopeArguments, threads)
{
    int64 angle_row = static_cast<int64>(a.angle_rows != nullptr ? a.angle_rows[blockIdx.x] : blockIdx.x) * a.angle_stride;
    const float* cosines = a.cosines + angle_row;
    const float* sines = a.sines + angle_row;
    float* row = a.x + static_cast<int64>(blockIdx.x) * a.x_stride;
    for (int i = threadIdx.x; i < a.heads * a.half; i += blockDim.x)
    {
        int pair = i % a.half;
        float* head = row + i / a.half * a.head_dim;
        float* first = head + (a.interleaved != 0 ? 2 * pair : pair);
        float* second = first + (a.interleaved != 0 ? 1 : a.half);
        float x = *first, y = *second;
        *first = x * cosines[pair] - y * sines[pair];
        *second = y * cosines[pair] + x * sines[pair];
    }
}

enum { relu, silu, gelu, gelu_tanh };

DEVICE float activated(float x, int function)
{
    switch (function)
    {
        case relu: return fmaxf(x, 0);
        case silu: return x / (1 + expf(-x));
        case gelu: return 0.5f * x * (1 + erff(x * 0.70710678f));
        default: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    }
}

struct ActivateArguments
{
    const float* x;
    const float* up;  // null: none to be multiplied with
    Y* y;
    int columns, x_stride, y_stride, function;
};

KERNEL(activate, ActivateArguments, threads)
{
    int64 from = static_cast<int64>(blockIdx.x) * a.x_stride, to = static_cast<int64>(blockIdx.x) * a.y_stride;
    for (int i = blockIdx.y * blockDim.x + threadIdx.x; i < a.columns; i += gridDim.y * blockDim.x)
    {
        float value = activated(a.x[from + i], a.function);
        a.y[to + i] = from_float<Y>(a.up != nullptr ? value * a.up[from + i] : value);
    }
}

struct AddArguments
{
    float* x;
    const float* y;
    int columns, x_stride, y_stride;
};

KERNEL(add, AddArguments, threads)
{
    float* to = a.x + static_cast<int64>(blockIdx.x) * a.x_stride;
    const float* from = a.y + static_cast<int64>(blockIdx.x) * a.y_stride;
    for (int i = threadIdx.x; i < a.columns; i += blockDim.x) to[i] += from[i];
}

struct ConvertArguments
{
    const float* x;
    Y* y;
    int columns, x_stride, y_stride;
};

// fp32 rows to the type that products read.
KERNEL(convert, ConvertArguments, threads)
{
    const float* from = a.x + static_cast<int64>(blockIdx.x) * a.x_stride;
    Y* to = a.y + static_cast<int64>(blockIdx.x) * a.y_stride;
    for (int i = threadIdx.x; i < a.columns; i += blockDim.x) to[i] = from_float<Y>(from[i]);
}
