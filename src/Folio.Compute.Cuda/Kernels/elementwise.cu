// What is done value by value: activations, sums, gathered rows. fp32 in; out in Y where products follow.
//
// A block takes a row, or a slice of one where blockIdx.y counts slices, a thread four neighbours at a time. Bound: memory bandwidth; at few rows, the launch.
//
// Left open: Y (the type of what products read).
#include "quads.cuh"

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
    bool whole = a.columns % 4 == 0 && has_quads(a.x, a.x_stride) && has_quads(a.y, a.y_stride);
    for (int i = threadIdx.x * 4; i < a.columns; i += blockDim.x * 4) store_quad(to + i, load_quad(from + i, a.columns - i, whole), a.columns - i, whole);
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
    bool whole = a.columns % 4 == 0 && has_quads(a.x, a.x_stride) && has_quads(a.up, 0) && has_quads(a.y, a.y_stride);
    for (int i = (blockIdx.y * blockDim.x + threadIdx.x) * 4; i < a.columns; i += gridDim.y * blockDim.x * 4)
    {
        float4 x = load_quad(a.x + from + i, a.columns - i, whole);
        float4 up = a.up != nullptr ? load_quad(a.up + from + i, a.columns - i, whole) : float4{1, 1, 1, 1};
        float4 y{activated(x.x, a.function) * up.x, activated(x.y, a.function) * up.y, activated(x.z, a.function) * up.z, activated(x.w, a.function) * up.w};
        store_quad(a.y + to + i, y, a.columns - i, whole);
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
    bool whole = a.columns % 4 == 0 && has_quads(a.x, a.x_stride) && has_quads(a.y, a.y_stride);
    for (int i = threadIdx.x * 4; i < a.columns; i += blockDim.x * 4)
    {
        float4 x = load_quad(to + i, a.columns - i, whole), y = load_quad(from + i, a.columns - i, whole);
        store_quad(to + i, float4{x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w}, a.columns - i, whole);
    }
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
    bool whole = a.columns % 4 == 0 && has_quads(a.x, a.x_stride) && has_quads(a.y, a.y_stride);
    for (int i = threadIdx.x * 4; i < a.columns; i += blockDim.x * 4) store_quad(to + i, load_quad(from + i, a.columns - i, whole), a.columns - i, whole);
}
