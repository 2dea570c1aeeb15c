// Attention's arithmetic, the same for decode and prefill, so that a row's bits don't depend on which of them computes it: a warp has 16 query vectors of one KV head
// and goes over positions in tiles of 64, from multiples of 64, in ascending order. Scores are sums over channels in steps of 16 (mma.sync), weights sums over positions
// likewise; a partition of PARTITION positions, from multiples of it, is reduced by itself, and partitions are merged in order.
#pragma once
#include "kv_cache.cuh"

// What the host knows of a step's attention, at the beginning of the step's numbers; offsets are from there, in numbers.
struct StepHeader
{
    int blocks_per_sequence, block_tables; // [sequences, blocks_per_sequence]
    int item_count, items;                 // [items] sequence | partition << 16

    DEVICE const int* table(int sequence) const { return numbers(block_tables) + static_cast<int64>(sequence) * blocks_per_sequence; }
    DEVICE const int* numbers(int offset) const { return reinterpret_cast<const int*>(this) + offset; }
};

constexpr int tile_positions = 64;   // whose scores become weights together
constexpr int piece_positions = 16;  // of one step of a matrix instruction
constexpr int pieces = tile_positions / piece_positions;
constexpr int row_pitch = head_dim + 8; // values from row to row in shared memory: 16 bytes more than a row, an odd multiple of 16, so eight rows lie in eight groups of banks
constexpr float log2_e = 1.4426950408889634f;

struct Visible
{
    int first, end;  // positions that a row sees
};

// Two states of the same row become one.
struct Merge
{
    float maximum, keep, add;

    DEVICE Merge(float before, float part) : maximum(fmaxf(before, part))
    {
        float base = maximum == -INFINITY ? 0 : maximum; // a row that sees nothing of either
        keep = exp2f(before - base);
        add = exp2f(part - base);
    }

    DEVICE float of(float before, float part) const { return fmaf(part, add, before * keep); }
};

// What 16 query vectors have made of the positions so far. Each lane has, of rows lane / 4 and lane / 4 + 8, the columns of matrix fragments.
struct AttentionState
{
    float maximum[2], sum[2];        // scores are in powers of two: 2^(s - maximum)
    float output[head_dim / 8][4];

    DEVICE void clear()
    {
        for (int half = 0; half < 2; half++) maximum[half] = -INFINITY, sum[half] = 0;
#pragma unroll
        for (int i = 0; i < head_dim / 8; i++)
            for (int j = 0; j < 4; j++) output[i][j] = 0;
    }

    // Of scores: weights (in place), and the state made ready to take their values in.
    DEVICE void take(float (&scores)[pieces * 2][4])
    {
        for (int half = 0; half < 2; half++)
        {
            float most = maximum[half];
#pragma unroll
            for (int i = 0; i < pieces * 2; i++) most = fmaxf(most, fmaxf(scores[i][half * 2], scores[i][half * 2 + 1]));
            most = fmaxf(most, __shfl_xor_sync(all_lanes, most, 1));
            most = fmaxf(most, __shfl_xor_sync(all_lanes, most, 2));
            float base = most == -INFINITY ? 0 : most; // a row that sees nothing yet
            float keep = exp2f(maximum[half] - base), total = 0;
#pragma unroll
            for (int i = 0; i < pieces * 2; i++)
                for (int j = half * 2; j < half * 2 + 2; j++)
                {
                    scores[i][j] = exp2f(scores[i][j] - base);
                    total += scores[i][j];
                }

            total += __shfl_xor_sync(all_lanes, total, 1);
            total += __shfl_xor_sync(all_lanes, total, 2);
            sum[half] = sum[half] * keep + total;
            maximum[half] = most;
#pragma unroll
            for (int i = 0; i < head_dim / 8; i++)
                for (int j = half * 2; j < half * 2 + 2; j++) output[i][j] *= keep;
        }
    }

    // Takes in the partition behind those that are in already: merge_partitions does the same, number by number.
    DEVICE void merge(const AttentionState& part)
    {
        for (int half = 0; half < 2; half++)
        {
            Merge merge(maximum[half], part.maximum[half]);
            maximum[half] = merge.maximum;
            sum[half] = merge.of(sum[half], part.sum[half]);
#pragma unroll
            for (int i = 0; i < head_dim / 8; i++)
                for (int j = half * 2; j < half * 2 + 2; j++) output[i][j] = merge.of(output[i][j], part.output[i][j]);
        }
    }
};

// The 16 rows of `at(row)`, as the left side of products: row i's address, [HEAD_DIM] fp32, or null where there is none.
template <class At> DEVICE void load_queries(uint32 (&q)[head_dim / 16][4], const At& at)
{
    int column = lane_index() % 4 * 2;
    for (int half = 0; half < 2; half++)
    {
        const float* row = at(lane_index() / 4 + half * 8);
#pragma unroll
        for (int step = 0; step < head_dim / 16; step++)
            for (int right = 0; right < 2; right++)
            {
                int channel = step * 16 + right * 8 + column;
                float2 pair = row != nullptr && channel < HEAD_DIM ? load<float2>(row + channel) : float2{0, 0};
                q[step][right * 2 + half] = pack<KV>(pair.x, pair.y);
            }
    }
}

// scores += q · kᵀ of one piece: q [16, head_dim] in fragments, keys [16 positions, row_pitch].
DEVICE void add_scores(float (&scores)[2][4], const uint32 (&q)[head_dim / 16][4], Shared<KV> keys)
{
    int lane = lane_index(), row = lane % 8 + lane / 16 * 8, column = lane / 8 % 2 * 8;
#pragma unroll
    for (int step = 0; step < head_dim / 16; step++)
    {
        uint32 k[4];
        load_matrices(k, keys + (row * row_pitch + step * 16 + column));
        multiply_add<KV>(scores[0], q[step], k[0], k[1]);
        multiply_add<KV>(scores[1], q[step], k[2], k[3]);
    }
}

// A row of the state, scaled: to [HEAD_DIM]. `half`: which of the lane's two rows.
template <class T> DEVICE void store_output(T* to, const AttentionState& state, int half, float factor)
{
#pragma unroll
    for (int i = 0; i < head_dim / 8; i++)
    {
        int channel = i * 8 + lane_index() % 4 * 2;
        if (channel < HEAD_DIM) store_pair(to + channel, float2{state.output[i][half * 2] * factor, state.output[i][half * 2 + 1] * factor});
    }
}

// output += weights · v of one piece: values [16 positions, row_pitch].
DEVICE void add_values(AttentionState& state, const float (&left)[4], const float (&right)[4], Shared<KV> values)
{
    uint32 weights[4] = {pack<KV>(left[0], left[1]), pack<KV>(left[2], left[3]), pack<KV>(right[0], right[1]), pack<KV>(right[2], right[3])};
    int lane = lane_index(), row = lane % 8 + lane / 8 % 2 * 8, column = lane / 16 * 8;
#pragma unroll
    for (int channel = 0; channel < head_dim; channel += 16)
    {
        uint32 v[4];
        load_matrices_transposed(v, values + (row * row_pitch + channel + column));
        multiply_add<KV>(state.output[channel / 8], weights, v[0], v[1]);
        multiply_add<KV>(state.output[channel / 8 + 1], weights, v[2], v[3]);
    }
}

// Scaled, capped, and −∞ where the row doesn't see the position. `first`: the position of the tile's first column.
DEVICE void mask_scores(float (&scores)[pieces * 2][4], int first, const Visible (&rows)[2], float scale, float soft_cap)
{
    int column = lane_index() % 4 * 2;
#pragma unroll
    for (int i = 0; i < pieces * 2; i++)
        for (int j = 0; j < 4; j++)
        {
            int position = first + i * 8 + column + j % 2;
            float score = scores[i][j] * scale;
            if (soft_cap > 0) score = soft_cap * tanhf(score / soft_cap);
            bool visible = position >= rows[j / 2].first && position < rows[j / 2].end;
            scores[i][j] = visible ? score * log2_e : -INFINITY;
        }
}
