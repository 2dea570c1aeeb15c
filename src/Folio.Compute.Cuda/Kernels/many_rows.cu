// y = x · wᵀ + bias, or y += with `accumulate`, for any number of rows: [rows, inputs] × [outputs, inputs] → [rows, outputs]; x in X (bf16 or f16), fp32 sums and y.
//
// A block makes ROWS × 128 outputs, a warp 64 (or 16) rows × 32 outputs. w is the left matrix of the instructions: a lane copies the codes of its own fragments, and what their groups share,
// and decodes them in registers; only x is shared by warps. Within a stage, inputs are numbered anew, alike for both, so that what a lane needs of a row lies together: 16 bytes of codes, and
// of x 16 bytes for two instructions.
//
// Order: inputs are cut into segments, by the weight's shape alone. In each an output is one chain of instructions over ascending inputs; the chains' sums are added in order. With ROWS
// up to 64 each segment is a block of its own that leaves its sums, and the last to come adds them; with 128, a block goes through all segments. Either way, and for any number of
// rows, a row has the same bits.
//
// Bound: up to some 32 rows, reading w. A weight's segments are up to 256 blocks, two on each of an H200's multiprocessors, each with two or three stages of 8 KiB of codes (16 of 16-bit
// weights) under way: 32 KiB and more of a multiprocessor's, where 4.8 TB/s at 700 ns take 26. Decoding int4 takes four instructions a value, two of them of the units that do 64 a cycle:
// 32 values, or 18 bytes with their scales, a cycle of a multiprocessor, which is also what memory gives, so neither waits much for the other. With more rows, the matrix units. Of 128
// rows, codes are read once, but two warps decode them: with warps of 128 × 16, x would take shared memory longer than the units take for their part.
//
// Left open: X, ROWS (16, 64, 128), DEPTH (inputs of a stage: 128 of int4, else 64), STAGES, and weights.cuh's. `inputs` is a multiple of 32.
#include "linear.cuh"

constexpr int block_outputs = 128, warp_outputs = 32, warp_rows = ROWS < 64 ? ROWS : 64;
constexpr int output_threads = block_outputs / warp_outputs * 32, row_warps = ROWS / warp_rows, threads = output_threads * row_warps;
constexpr bool takes_all_segments = ROWS > 64;

constexpr int lane_values = DEPTH / 4;                                 // of a row of w, in a stage
constexpr int lane_run = weights_per_load < 8 ? 8 : weights_per_load;  // of them, those that follow each other in the row; all, of quantised weights
constexpr int loads = lane_values / weights_per_load;
constexpr int groups = GROUP < lane_values ? lane_values / GROUP : 1;
constexpr int x_chunks = DEPTH / 8;                                    // of 16 bytes, in a row of x

constexpr int w_rows = warp_outputs / 8;                               // that a lane has parts of, 8 outputs apart
constexpr int output_tiles = warp_outputs / 16, row_tiles = warp_rows / 8, tiles_at_once = row_tiles < 4 ? row_tiles : 4;
constexpr int all_tiles = output_tiles * row_tiles;

template <class T> constexpr int dense_format = dense_f32;
template <> constexpr int dense_format<bf16> = dense_bf16;
template <> constexpr int dense_format<f16> = dense_f16;

struct ManyRowsArguments
{
    LinearArguments product;
    float4* sums;     // [blocks of outputs, of rows, segments, all_tiles, threads]: what segments that are blocks have left
    uint32* arrived;  // [blocks of outputs, of rows] segments; 0 between launches
    int segments;
};

// Where a thread's part of the block's outputs is.
struct Place
{
    int first_row, first_output; // the block's
    int lane = lane_index(), row_warp = threadIdx.x / output_threads, own_row = row_warp * warp_rows, own_output = threadIdx.x % output_threads / 32 * warp_outputs;

    DEVICE int w_row(const LinearArguments& a, int i) const { return min(first_output + own_output + i * 8 + lane / 4, a.outputs - 1); }

    // The stage's input that is the lane's value so-and-so.
    DEVICE int input(int value) const { return value / lane_run * (4 * lane_run) + lane % 4 * lane_run + value % lane_run; }
};

// [output tile, row tile, a fragment's numbers]
using Sums = float[output_tiles][row_tiles][4];

// Inputs on their way.
struct Stages
{
    Shared<X> x;           // [STAGES, ROWS, x_chunks, 8]
    Shared<uint4> codes;   // [STAGES, loads, w_rows, output_threads]
    Shared<uint32> words;  // [STAGES, groups, w_rows, output_threads]

    // By part of the lanes' values, lane, and 8 values; of odd rows two parts change places, so that eight lanes of a load use all banks.
    static DEVICE int x_slot(int row, int part, int lane) { return (part * 4 + lane) ^ row % 2 * 4; }

    DEVICE void begin(const LinearArguments& a, const Place& place, int stage)
    {
        int first = stage * DEPTH, inputs = static_cast<int>(a.w.inputs), at = stage % STAGES;
#pragma unroll
        for (int i = 0; i < ROWS * x_chunks / threads; i++)
        {
            constexpr int run = lane_run / 8;
            int row = (i * threads + threadIdx.x) / x_chunks, chunk = threadIdx.x % x_chunks, from_row = place.first_row + row, input = first + chunk * 8;
            int slot = x_slot(row, chunk / (4 * run) * run + chunk % run, chunk / run % 4);
            bool valid = from_row < a.rows && input < inputs;
            copy_async(x + ((at * ROWS + row) * DEPTH + slot * 8), a.x + (valid ? static_cast<int64>(from_row) * a.x_stride + input : 0), valid);
        }

#pragma unroll
        for (int i = 0; i < w_rows / row_warps; i++)
        {
            int row = i * row_warps + place.row_warp, output = place.w_row(a, row), slot = row * output_threads + threadIdx.x % output_threads;
#pragma unroll
            for (int load = 0; load < loads; load++)
            {
                int input = first + place.input(load * weights_per_load);
                bool valid = input < inputs;
                copy_async(codes + ((at * loads + load) * w_rows * output_threads + slot), reinterpret_cast<const uint4*>(a.w.row(output)) + (valid ? input / weights_per_load : 0), valid);
            }

#if FORMAT >= grouped_int8
#pragma unroll
            for (int group = 0; group < groups; group++)
            {
                int input = min(first + place.input(group * GROUP), inputs - 1);
                copy_async<4>(words + ((at * groups + group) * w_rows * output_threads + slot), reinterpret_cast<const uint32*>(group_word(a.w, group_index(a.w, output, input))));
            }
#endif
        }
    }

    DEVICE void multiply_add(Sums& sums, const LinearArguments& a, const Place& place, int stage) const
    {
        int at = stage % STAGES, slot = threadIdx.x % output_threads, x_row = place.own_row + place.lane / 4;
        GroupValues values[w_rows][groups];
#if FORMAT >= grouped_int8
#pragma unroll
        for (int row = 0; row < w_rows; row++)
#pragma unroll
            for (int group = 0; group < groups; group++)
            {
                uint32 word = words[((at * groups + group) * w_rows + row) * output_threads + slot];
                values[row][group] = group_of(word, static_cast<int>(group_index(a.w, place.w_row(a, row), stage * DEPTH + place.input(group * GROUP)) & 1));
            }
#endif

#pragma unroll
        for (int part = 0; part < lane_values / 8; part++) // eight values of each row: two instructions deep
        {
            uint32 left[output_tiles][2][4];
#pragma unroll
            for (int row = 0; row < w_rows; row++)
#pragma unroll
                for (int step = 0; step < 2; step++)
                {
                    int value = part * 8 + step * 4;
                    uint4 own = load<uint4>(codes + (((at * loads + value / weights_per_load) * w_rows + row) * output_threads + slot));
                    uint2 four = decoded(own, value % weights_per_load / 4, values[row][value / GROUP % groups]);
                    left[row / 2][step][row % 2] = four.x;
                    left[row / 2][step][row % 2 + 2] = four.y;
                }

#pragma unroll
            for (int first = 0; first < row_tiles; first += tiles_at_once)
            {
                if (first > 0 && place.first_row + place.own_row + first * 8 >= a.rows) break; // none of them is a row
                uint4 right[tiles_at_once];
#pragma unroll
                for (int i = 0; i < tiles_at_once; i++)
                    right[i] = load<uint4>(x + ((at * ROWS + x_row + (first + i) * 8) * DEPTH + x_slot(x_row, part, place.lane % 4) * 8));
#pragma unroll
                for (int step = 0; step < 2; step++)
#pragma unroll
                    for (int i = 0; i < tiles_at_once; i++)
#pragma unroll
                        for (int tile = 0; tile < output_tiles; tile++)
                            ::multiply_add<X>(sums[tile][first + i], left[tile][step], step == 0 ? right[i].x : right[i].z, step == 0 ? right[i].y : right[i].w);
            }
        }
    }

    // Four values, as a fragment has them.
    static DEVICE uint2 decoded(uint4 codes, int part, GroupValues group)
    {
        if (FORMAT == dense_format<X>) return part == 0 ? uint2{codes.x, codes.y} : uint2{codes.z, codes.w};
        float w[4];
        decode4(w, codes, part, group);
        return {pack<X>(w[0], w[1]), pack<X>(w[2], w[3])};
    }
};

// Leaves a segment's sums. False: others are still to come. Else they are now those of all segments, added in order.
DEVICE bool add_segments(Sums& sums, const ManyRowsArguments& a, int block, int segment, int rows, Shared<uint32> is_last)
{
    float4* of_block = a.sums + static_cast<int64>(block) * a.segments * (all_tiles * threads) + threadIdx.x;
#pragma unroll
    for (int i = 0; i < all_tiles; i++)
    {
        const float* sum = sums[i / row_tiles][i % row_tiles];
        if (i % row_tiles * 8 < rows) store(of_block + (segment * all_tiles + i) * threads, float4{sum[0], sum[1], sum[2], sum[3]});
    }

    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) is_last[0] = static_cast<int>(atomicInc(a.arrived + block, a.segments - 1)) == a.segments - 1; // the last sets the count back to 0
    __syncthreads();
    if (is_last[0] == 0) return false;
    __threadfence();

#pragma unroll
    for (int i = 0; i < all_tiles * 4; i++) sums[i / 4 / row_tiles][i / 4 % row_tiles][i % 4] = 0;
#pragma unroll 16 / all_tiles
    for (int other = 0; other < a.segments; other++)
#pragma unroll
        for (int i = 0; i < all_tiles; i++)
        {
            if (i % row_tiles * 8 >= rows) continue;
            float* sum = sums[i / row_tiles][i % row_tiles];
            float4 more = load<float4>(of_block + (other * all_tiles + i) * threads);
            sum[0] += more.x;
            sum[1] += more.y;
            sum[2] += more.z;
            sum[3] += more.w;
        }

    return true;
}

DEVICE void write(const Sums& sums, const LinearArguments& a, const Place& place)
{
#pragma unroll
    for (int i = 0; i < all_tiles * 4; i++)
    {
        int tile = i / 4 / row_tiles, row_tile = i / 4 % row_tiles, value = i % 4;
        int row = place.first_row + place.own_row + row_tile * 8 + place.lane % 4 * 2 + value % 2;
        int output = place.first_output + place.own_output + tile * 16 + place.lane / 4 + value / 2 * 8;
        if (row >= a.rows || output >= a.outputs) continue;
        float* to = a.y + static_cast<int64>(row) * a.y_stride + output;
        float sum = sums[tile][row_tile][value] + (a.bias != nullptr ? a.bias[output] : 0);
        *to = a.accumulate != 0 ? *to + sum : sum;
    }
}

KERNEL(many_rows, ManyRowsArguments, threads)
{
    SharedArena arena;
    Stages stages = {arena.take<X>(STAGES * ROWS * DEPTH), arena.take<uint4>(STAGES * loads * w_rows * output_threads)};
#if FORMAT >= grouped_int8
    stages.words = arena.take<uint32>(STAGES * groups * w_rows * output_threads);
#endif
    Shared<uint32> is_last = arena.take<uint32>(1);

    int segment = takes_all_segments ? 0 : blockIdx.y % a.segments, output_block = takes_all_segments ? blockIdx.y : blockIdx.y / a.segments;
    Place place = {static_cast<int>(blockIdx.x) * ROWS, output_block * block_outputs};
    int all = static_cast<int>((a.product.w.inputs + DEPTH - 1) / DEPTH);
    auto first_of = [&](int segment) { return all * segment / a.segments; };
    int stage = first_of(segment), end = takes_all_segments ? all : first_of(segment + 1);
    for (int i = 0; i < STAGES - 1; i++)
    {
        if (stage + i < end) stages.begin(a.product, place, stage + i);
        copy_async_commit();
    }

    Sums total = {};
    do
    {
        Sums sums = {};
        for (int next = first_of(segment + 1); stage < next; stage++)
        {
            copy_async_wait<STAGES - 2>();
            __syncthreads(); // the stage is here, and the one before it has been read
            if (stage + STAGES - 1 < end) stages.begin(a.product, place, stage + STAGES - 1);
            copy_async_commit();
            stages.multiply_add(sums, a.product, place, stage);
        }

#pragma unroll
        for (int i = 0; i < all_tiles * 4; i++) total[i / 4 / row_tiles][i / 4 % row_tiles][i % 4] += sums[i / 4 / row_tiles][i / 4 % row_tiles][i % 4];
    } while (takes_all_segments && ++segment < a.segments);

    if (!takes_all_segments && a.segments > 1)
    {
        int block = output_block * gridDim.x + blockIdx.x;
        if (!add_segments(total, a, block, segment, a.product.rows - place.first_row, is_last)) return;
    }

    write(total, a.product, place);
}
