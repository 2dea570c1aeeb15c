// y[i] = table[ids[i]], or y[i] += with `accumulate`: [rows, columns] fp32. A block takes a row, a thread 16 bytes of codes at a time.
// Bound: memory bandwidth; at few rows, the launch.
//
// Left open: weights.cuh's.
#include "quads.cuh"
#include "weights.cuh"

struct EmbedArguments
{
    WeightRows table;
    const int* ids;     // [rows]; −1 − r: the id that the step before drew for its request r
    const int* drawn;   // [requests]
    float* y;
    int columns, y_stride, accumulate;
};

KERNEL(embed, EmbedArguments, 256)
{
    int id = a.ids[blockIdx.x];
    if (id < 0) id = max(0, a.drawn[-1 - id]); // a row of which nothing could be drawn ends its request, whatever follows
    float* to = a.y + static_cast<int64>(blockIdx.x) * a.y_stride;
    bool whole = a.columns % 4 == 0 && has_quads(a.y, a.y_stride);
    for (int column = threadIdx.x * weights_per_load; column < a.columns; column += blockDim.x * weights_per_load)
    {
        uint4 codes = load<uint4>(a.table.row(id) + static_cast<int64>(column) * 16 / weights_per_load);
        GroupValues group = load_group(a.table, id, column);
        for (int part = 0; part < weights_per_load / 4; part++)
        {
            if (part > 0 && part * 4 % GROUP == 0) group = load_group(a.table, id, column + part * 4);
            float values[4];
            decode4(values, codes, part, group);
            int at = column + part * 4;
            if (at >= a.columns) break;
            float4 before = a.accumulate != 0 ? load_quad(to + at, a.columns - at, whole) : float4{0, 0, 0, 0};
            store_quad(to + at, float4{before.x + values[0], before.y + values[1], before.z + values[2], before.w + values[3]}, a.columns - at, whole);
        }
    }
}
