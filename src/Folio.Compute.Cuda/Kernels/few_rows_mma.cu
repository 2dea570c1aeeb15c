// y = x · wᵀ + bias, or y += with `accumulate`, for 1 to 8 rows: [rows, inputs] × [outputs, inputs] → [rows, outputs]; x in X (bf16 or f16), fp32 sums and y.
//
// Matrix instructions of [16 outputs, 16 inputs] · [16 inputs, 8 rows]: rows are columns that don't know of each other, so a row has the same bits in any step, and eight cost
// what one does. A block makes 16 outputs (of 4-bit codes 32, so that a value of x serves twice). Its warps take turns at stretches of `depth` inputs, and add up at the end, in order.
//
// Weights are on their way to shared memory `stages` − 1 stretches ahead, in a ring that a warp has for itself: 4 KB a warp, so 32 KB with one block on a multiprocessor and 64 KB with
// two, where HBM's bandwidth times its latency is 25 to 30 KB. x comes from the first-level cache straight to registers, a stretch ahead, 64 bytes of a row for four lanes.
// Codes are multiplied as they are, exact in X; scales and shifts are applied to the fp32 sums of a group, shifts by way of the sum of x.
//
// Bound: reading w, in every format and for every number of rows. Codes of 4 bits with a scale and a shift for each 32 are nearest to another bound: about 2.9 instructions for each code
// of a lane, at an H200's bandwidth nearly all that a multiprocessor issues (with groups of 128, and for codes of 8 bits, two thirds; for dense weights little).
//
// Left open: X, and weights.cuh's; dense weights are of type X.
#include "code_pairs.cuh"

constexpr int warps = 8;
constexpr int threads = warps * 32;
constexpr int max_rows = 8;
constexpr int stages = 3;
constexpr int tiles = FORMAT == grouped_int4 ? 2 : 1;
constexpr int outputs = 16 * tiles;                       // of a block
constexpr int depth = is_grouped ? 128 : 64;              // inputs of a warp at a time
constexpr int step = 32;                                  // inputs of two matrix instructions: a lane has eight
constexpr int row_pieces = depth / weights_per_load;      // pieces of 16 bytes in `depth` inputs of a row
constexpr int step_pieces = step / weights_per_load;      // of them, in a step
constexpr int groups = is_grouped ? depth / GROUP : 0;    // in `depth` inputs of a row
constexpr int stage_bytes = outputs * row_pieces * 16;

// A warp's part of the product.
struct Share
{
    const LinearArguments& a;
    Shared<uint8> codes;      // [stages, outputs, row_pieces, 16]
    Shared<uint32> scales;    // [stages, outputs, groups]: words of group_word
    int first_output, lane = lane_index(), row = lane / 4, quarter = lane % 4;
    int inputs = static_cast<int>(a.w.inputs), last_output = a.outputs - 1 - first_output; // of the block's, which are counted from 0

    // Where a piece lies: pieces that are read at once, by lanes of several rows, are in different banks.
    DEVICE static int place(int output, int piece) { return (output * row_pieces + (piece ^ output * step_pieces % row_pieces)) * 16; }

    DEVICE void fetch(int stretch, int slot) const
    {
        int input = stretch * depth;
#pragma unroll
        for (int i = 0; i < stage_bytes / 16 / 32; i++)
        {
            int index = i * 32 + lane, output = index / row_pieces, piece = index % row_pieces;
            int at = (min(output, last_output) * inputs + input) / weights_per_load + piece;
            copy_async(codes + (slot * stage_bytes + place(output, piece)), a.w.row(first_output) + at * 16, input + piece * weights_per_load < inputs);
        }

#if FORMAT >= grouped_int8
#pragma unroll
        for (int i = 0; i < (outputs * groups + 31) / 32; i++)
        {
            int index = i * 32 + lane, output = index / groups, at = input + index % groups * GROUP;
            if (index >= outputs * groups) break;
            int64 group = first_output * a.w.inputs / GROUP + (min(output, last_output) * inputs + at) / GROUP;
            copy_async<4>(scales + (slot * outputs * groups + index), reinterpret_cast<const uint32*>(group_word(a.w, group)), at < inputs);
        }
#endif
        copy_async_commit();
    }

    DEVICE void load_x(uint4 (&x)[depth / step], int stretch) const
    {
#pragma unroll
        for (int i = 0; i < depth / step; i++)
        {
            int input = stretch * depth + i * step;
            x[i] = row < a.rows && input < inputs ? load<uint4>(a.x + static_cast<int64>(row) * a.x_stride + input + quarter * 8) : uint4{0, 0, 0, 0};
        }
    }

    // This lane's eight inputs of a step, of one output.
    DEVICE void load_weights(uint32 (&w)[4], int slot, int output, int index) const
    {
        Shared<uint8> stage = codes + slot * stage_bytes;
#if FORMAT < grouped_int8
        uint4 words = load<uint4>(stage + place(output, index * step_pieces + quarter));
        w[0] = words.x, w[1] = words.y, w[2] = words.z, w[3] = words.w;
#elif FORMAT == grouped_int4
        uint2 words = load<uint2>(stage + (place(output, index) + quarter % 2 * 8)); // two lanes read the same, and take its low or its high halves
        pairs_of_codes(w, uint2{words.x >> quarter / 2 * 4, words.y >> quarter / 2 * 4});
#else
        pairs_of_codes(w, load<uint2>(stage + (place(output, index * step_pieces + quarter / 2) + quarter % 2 * 8)));
#endif
    }

    DEVICE void multiply(float (&sums)[tiles][4], const uint4 (&x)[depth / step], int slot, int stretch) const
    {
#if FORMAT >= grouped_int8
        float parts[tiles][4], x_sums[4];
#endif
#pragma unroll
        for (int index = 0; index < depth / step; index++)
        {
            uint32 own[4], w[tiles][2][4];
            deal(own, x[index]);
#pragma unroll
            for (int i = 0; i < tiles * 2; i++) load_weights(w[i / 2][i % 2], slot, i * 8 + row, index);
#if FORMAT < grouped_int8
            multiply_pairs(sums[0], w[0], own);
#else
#pragma unroll
            for (int input = 0; input < step; input += GROUP) // of groups of 16, two lanes of four have one: the other two have zeros for x
            {
                uint32 of_group[4];
#pragma unroll
                for (int i = 0; i < 4; i++) of_group[i] = GROUP >= step || quarter / 2 == input / 16 ? own[i] : 0;
                int begin = index * step + input;
                if (begin % GROUP == 0)
                {
#pragma unroll
                    for (int i = 0; i < 4; i++)
                    {
                        x_sums[i] = 0;
#pragma unroll
                        for (int tile = 0; tile < tiles; tile++) parts[tile][i] = 0;
                    }
                }

                constexpr uint32 one = Pair<X>::one;
                constexpr uint32 ones[2][4] = {{one, one, one, one}, {one, one, one, one}};
                if (AFFINE) multiply_pairs(x_sums, ones, of_group);
#pragma unroll
                for (int tile = 0; tile < tiles; tile++) multiply_pairs(parts[tile], w[tile], of_group);
                if (GROUP <= step || (begin + step) % GROUP == 0)
                {
#pragma unroll
                    for (int tile = 0; tile < tiles; tile++) scale(sums[tile], parts[tile], x_sums, slot, stretch, tile, begin / GROUP);
                }
            }
#endif
        }
    }

    // Of 16 outputs: this lane has two pairs of four of outputs `row` and `row` + 8, and x of its row.
    DEVICE static void multiply_pairs(float (&sums)[4], const uint32 (&w)[2][4], const uint32 (&x)[4])
    {
        multiply_add<X>(sums, {w[0][0], w[1][0], w[0][1], w[1][1]}, x[0], x[1]);
        multiply_add<X>(sums, {w[0][2], w[1][2], w[0][3], w[1][3]}, x[2], x[3]);
    }

#if FORMAT >= grouped_int8
    DEVICE void scale(float (&sums)[4], const float (&parts)[4], const float (&x_sums)[4], int slot, int stretch, int tile, int group) const
    {
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            int output = tile * 16 + i * 8 + row;
            int number = output * (inputs / GROUP) + stretch * groups + group; // counted from the block's first, whose number is even
            GroupValues values = group_of(scales[(slot * outputs + output) * groups + group], number % 2);
#pragma unroll
            for (int j = 0; j < 2; j++)
            {
                float& sum = sums[i * 2 + j];
                sum = fmaf(parts[i * 2 + j], values.scale, sum);
                if (AFFINE) sum = fmaf(x_sums[j], fmaf(-code_bias(), values.scale, values.shift), sum);
            }
        }
    }
#endif
};

KERNEL(few_rows_mma, LinearArguments, threads)
{
    SharedArena arena;
    Shared<uint8> codes = arena.take<uint8>(warps * stages * stage_bytes);
    Shared<uint32> scales = arena.take<uint32>(warps * stages * outputs * groups);
    Shared<float> totals = arena.take<float>(warps * outputs * max_rows); // [warps, outputs, rows]
    int warp = warp_index(), first_output = blockIdx.x * outputs;
    Share share{a, codes + warp * stages * stage_bytes, scales + warp * stages * outputs * groups, first_output};

    int stretches = (share.inputs + depth - 1) / depth;
    float sums[tiles][4] = {};
    uint4 x[depth / step];
    for (int i = 0; i < stages - 1; i++) share.fetch(warp + i * warps, i);
    share.load_x(x, warp);
    for (int stretch = warp, slot = 0; stretch < stretches; stretch += warps)
    {
        copy_async_wait<stages - 2>();
        __syncwarp(); // this stretch is here, and the slot before it has been read
        share.fetch(stretch + (stages - 1) * warps, slot == 0 ? stages - 1 : slot - 1);
        uint4 next[depth / step];
        share.load_x(next, stretch + warps);
        share.multiply(sums, x, slot, stretch);
#pragma unroll
        for (int i = 0; i < depth / step; i++) x[i] = next[i];
        slot = slot == stages - 1 ? 0 : slot + 1;
    }

    copy_async_wait<0>();
#pragma unroll
    for (int i = 0; i < tiles * 2; i++) store(totals + ((warp * outputs + i * 8 + share.row) * max_rows + share.quarter * 2), float2{sums[i / 2][i % 2 * 2], sums[i / 2][i % 2 * 2 + 1]});
    __syncthreads();
    int output = threadIdx.x % outputs, row = threadIdx.x / outputs;
    if (row >= a.rows || first_output + output >= a.outputs) return;
    float sum = a.bias != nullptr ? a.bias[first_output + output] : 0;
    for (int i = 0; i < warps; i++) sum += totals[(i * outputs + output) * max_rows + row];
    float* to = a.y + static_cast<int64>(row) * a.y_stride + first_output + output;
    *to = a.accumulate != 0 ? *to + sum : sum;
}
