// y = x · wᵀ + bias, or y += with `accumulate`, for 1 to ROWS rows: [rows, inputs] × [outputs, inputs] → [rows, outputs], fp32 sums and y. For x in fp32, and for dense weights of
// another type than x, which stay what they are; other few rows are few_rows_mma.cu's.
//
// A warp takes OUTPUTS outputs; a lane goes over a row of w in steps of 16 bytes, 32 lanes side by side and a step ahead, and a butterfly sums lanes: an output is summed in one order,
// however many rows there are. Bound: weights of 32 bits by reading them at one row and two; else the multiply-adds, and x in the first-level cache, 4 values a load.
//
// Left open: X (the type of x), ROWS, OUTPUTS, and weights.cuh's.
#include "linear.cuh"
#include "quads.cuh"

constexpr int warps = 4;
constexpr int stride = 32 * weights_per_load; // from a lane's step to its next

DEVICE void fetch(uint4 (&codes)[OUTPUTS], const LinearArguments& a, int first, int64 k)
{
    if (k >= a.w.inputs) return;
#pragma unroll
    for (int i = 0; i < OUTPUTS; i++) codes[i] = load_streaming(a.w.row(min(first + i, a.outputs - 1)) + k * 16 / weights_per_load);
}

KERNEL(few_rows, LinearArguments, warps * 32)
{
    int first = (blockIdx.x * warps + warp_index()) * OUTPUTS;
    if (first >= a.outputs) return;
    float sums[OUTPUTS][ROWS] = {};
    uint4 codes[OUTPUTS], next[OUTPUTS];
    fetch(next, a, first, lane_index() * weights_per_load);
    for (int k = lane_index() * weights_per_load; k < a.w.inputs; k += stride)
    {
        GroupValues groups[OUTPUTS];
#pragma unroll
        for (int i = 0; i < OUTPUTS; i++)
        {
            codes[i] = next[i];
            groups[i] = load_group(a.w, min(first + i, a.outputs - 1), k);
        }

        fetch(next, a, first, k + stride);
#pragma unroll
        for (int part = 0; part < weights_per_load / 4; part++)
        {
            float w[OUTPUTS][4];
#pragma unroll
            for (int i = 0; i < OUTPUTS; i++)
            {
                if (part > 0 && part * 4 % GROUP == 0) groups[i] = load_group(a.w, min(first + i, a.outputs - 1), k + part * 4);
                decode4(w[i], codes[i], part, groups[i]);
            }

#pragma unroll
            for (int row = 0; row < ROWS; row++)
            {
                float4 quad = load_quad(a.x + static_cast<int64>(min(row, a.rows - 1)) * a.x_stride + k + part * 4);
                float x[4] = {quad.x, quad.y, quad.z, quad.w};
#pragma unroll
                for (int i = 0; i < OUTPUTS; i++)
#pragma unroll
                    for (int j = 0; j < 4; j++) sums[i][row] = fmaf(w[i][j], x[j], sums[i][row]);
            }
        }
    }

#pragma unroll
    for (int i = 0; i < OUTPUTS; i++)
#pragma unroll
        for (int row = 0; row < ROWS; row++)
        {
            float sum = warp_sum(sums[i][row]);
            if (lane_index() != 0 || row >= a.rows || first + i >= a.outputs) continue;
            float* to = a.y + static_cast<int64>(row) * a.y_stride + first + i;
            if (a.bias != nullptr) sum += a.bias[first + i];
            *to = a.accumulate != 0 ? *to + sum : sum;
        }
}
