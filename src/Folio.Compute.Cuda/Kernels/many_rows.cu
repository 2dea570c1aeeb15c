// y = x · wᵀ + bias, or y += with `accumulate`, for any number of rows: [rows, inputs] × [outputs, inputs] → [rows, outputs]; x in X (bf16 or f16), fp32 sums and y.
//
// A block makes 64 × 64 outputs, a warp 32 × 32 of them. Tiles of 64 × 32 of x come by cp.async; weights are decoded to X on their way to shared memory, a tile ahead in registers. An
// output is one chain of matrix instructions over ascending inputs, whatever `rows` is: with this kernel alone, answers don't depend on the batch.
// Bound: the matrix units, from some hundred rows on; below, reading and decoding w.
//
// Left open: X, and weights.cuh's. `inputs` is a multiple of 32.
#include "linear.cuh"

constexpr int threads = 128;
constexpr int tile = 64;         // rows, and outputs, of a block
constexpr int depth = 32;        // inputs of a step
constexpr int pitch = depth + 8; // values from row to row in shared memory: five times 16 bytes, so eight rows lie in eight groups of banks
constexpr int loads = tile * depth / weights_per_load;                  // of a tile of weights
constexpr int own_loads = (loads + threads - 1) / threads;              // of a thread
constexpr int row_loads = depth / weights_per_load;

// One thread's part of a tile of weights, on its way.
struct Fetched
{
    uint4 codes[own_loads];
    GroupValues groups[own_loads][depth > GROUP ? depth / GROUP : 1];

    DEVICE void fetch(const WeightRows& w, int first_output, int outputs, int input)
    {
#pragma unroll
        for (int i = 0; i < own_loads; i++)
        {
            int index = i * threads + threadIdx.x;
            if (index >= loads) return;
            int output = min(first_output + index / row_loads, outputs - 1), at = input + index % row_loads * weights_per_load;
            codes[i] = load_streaming(w.row(output) + static_cast<int64>(at) * 16 / weights_per_load);
#pragma unroll
            for (int group = 0; group * GROUP < weights_per_load; group++) groups[i][group] = load_group(w, output, at + group * GROUP);
        }
    }

    DEVICE void put(Shared<X> to) const
    {
#pragma unroll
        for (int i = 0; i < own_loads; i++)
        {
            int index = i * threads + threadIdx.x;
            if (index >= loads) return;
            Shared<X> row = to + (index / row_loads * pitch + index % row_loads * weights_per_load);
#pragma unroll
            for (int part = 0; part < weights_per_load / 4; part++)
            {
                float w[4];
                decode4(w, codes[i], part, groups[i][part * 4 / GROUP]);
                store(row + part * 4, uint2{pack<X>(w[0], w[1]), pack<X>(w[2], w[3])});
            }
        }
    }
};

DEVICE void begin_rows(Shared<X> to, const LinearArguments& a, int first_row, int input)
{
    for (int i = threadIdx.x; i < tile * depth / 8; i += threads)
    {
        int row = i / (depth / 8), chunk = i % (depth / 8) * 8;
        bool valid = first_row + row < a.rows;
        copy_async(to + (row * pitch + chunk), a.x + static_cast<int64>(valid ? first_row + row : 0) * a.x_stride + input + chunk, valid);
    }

    copy_async_commit();
}

KERNEL(many_rows, LinearArguments, threads)
{
    SharedArena arena;
    Shared<X> x_tiles = arena.take<X>(2 * tile * pitch), w_tiles = arena.take<X>(2 * tile * pitch);
    int first_row = blockIdx.y * tile, first_output = blockIdx.x * tile;
    int lane = lane_index(), own_row = warp_index() / 2 * 32, own_output = warp_index() % 2 * 32;
    int inputs = static_cast<int>(a.w.inputs);

    float sums[2][4][4] = {};
    Fetched fetched;
    fetched.fetch(a.w, first_output, a.outputs, 0);
    begin_rows(x_tiles, a, first_row, 0);
    for (int input = 0, stage = 0; input < inputs; input += depth, stage ^= 1)
    {
        Shared<X> x = x_tiles + stage * tile * pitch, w = w_tiles + stage * tile * pitch;
        fetched.put(w);
        if (input + depth < inputs)
        {
            fetched.fetch(a.w, first_output, a.outputs, input + depth);
            begin_rows(x_tiles + (stage ^ 1) * tile * pitch, a, first_row, input + depth);
        }
        else
        {
            copy_async_commit();
        }

        copy_async_wait<1>();
        __syncthreads(); // this stage is whole
#pragma unroll
        for (int k = 0; k < depth; k += 16)
        {
            uint32 left[2][4], right[2][4];
#pragma unroll
            for (int i = 0; i < 2; i++)
            {
                load_matrices(left[i], x + ((own_row + i * 16 + lane % 16) * pitch + k + lane / 16 * 8));
                load_matrices(right[i], w + ((own_output + i * 16 + lane % 8 + lane / 16 * 8) * pitch + k + lane / 8 % 2 * 8));
            }

#pragma unroll
            for (int i = 0; i < 2; i++)
#pragma unroll
                for (int j = 0; j < 4; j++) multiply_add<X>(sums[i][j], left[i], right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]);
        }

        __syncthreads(); // and may be overwritten
    }

    copy_async_wait<0>();
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
#pragma unroll
            for (int value = 0; value < 4; value++)
            {
                int row = first_row + own_row + i * 16 + lane / 4 + value / 2 * 8, output = first_output + own_output + j * 8 + lane % 4 * 2 + value % 2;
                if (row >= a.rows || output >= a.outputs) continue;
                float* to = a.y + static_cast<int64>(row) * a.y_stride + output;
                float sum = sums[i][j][value] + (a.bias != nullptr ? a.bias[output] : 0);
                *to = a.accumulate != 0 ? *to + sum : sum;
            }
}
