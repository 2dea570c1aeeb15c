// Attention's arithmetic, the same for decode and prefill, so that a row's bits don't depend on which of them computes it: a warp has 16 query vectors of one KV head
// and goes over positions in tiles of 64, from multiples of 64, in ascending order. Scores are sums over channels in steps of 16 (mma.sync), weights sums over positions
// likewise; a partition of PARTITION positions, from multiples of it, is reduced by itself, and partitions are merged in order. Two warps share the channels of large heads: a
// score is the sum of both their sums, and each has the output of its own channels.
#pragma once
#include "cache_stream.cuh"
#include "step.cuh"

using Factor = Stored<KV>::Factor;
constexpr int warp_bytes = row_bytes / row_warps, warp_channels = head_dim / row_warps; // of a row

// Which of the warps that share a row this is.
DEVICE int warp_share() { return warp_index() % row_warps; }

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
    float output[warp_channels / 8][4];

    DEVICE void clear()
    {
        for (int half = 0; half < 2; half++) maximum[half] = -INFINITY, sum[half] = 0;
#pragma unroll
        for (int i = 0; i < warp_channels / 8; i++)
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
            sum[half] = fmaf(sum[half], keep, total);
            maximum[half] = most;
#pragma unroll
            for (int i = 0; i < warp_channels / 8; i++)
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
            for (int i = 0; i < warp_channels / 8; i++)
                for (int j = half * 2; j < half * 2 + 2; j++) output[i][j] = merge.of(output[i][j], part.output[i][j]);
        }
    }
};

// Scores, or weights, of one piece.
DEVICE Columns& columns_of(float (&tile)[pieces * 2][4], int piece) { return reinterpret_cast<Columns&>(tile[piece * 2]); }

// Which of 16 channels a lane has in matrix fragments. Those of 16-bit rows lie as the fragments have them: two neighbours, and two eight further on. Words of 8-bit rows are
// of four neighbours, and come apart into even and odd ones (widen): the fragments' channels are numbered so that this is right.
struct LaneChannels
{
    int first, second;  // of two neighbours each

    explicit DEVICE LaneChannels(int sixteen)
    {
        int base = warp_share() * warp_channels + sixteen * 16, lane = lane_index() % 4;
        first = base + lane * (sizeof(KV) == 1 ? 4 : 2);
        second = first + (sizeof(KV) == 1 ? 2 : 8);
    }

    // Neighbours to fragments, or back.
    DEVICE static void deal(float2& x, float2& y)
    {
        if constexpr (sizeof(KV) == 1)
        {
            float odd = x.y;
            x.y = y.x;
            y.x = odd;
        }
    }
};

// The 16 rows of `at(row)`, as the left side of products: row i's address, [HEAD_DIM] fp32, or null where there is none.
template <class At> DEVICE void load_queries(uint32 (&q)[warp_channels / 16][4], const At& at)
{
    for (int half = 0; half < 2; half++)
    {
        const float* row = at(lane_index() / 4 + half * 8);
#pragma unroll
        for (int step = 0; step < warp_channels / 16; step++)
        {
            LaneChannels channels(step);
            float2 x = row != nullptr && channels.first < HEAD_DIM ? load<float2>(row + channels.first) : float2{0, 0};
            float2 y = row != nullptr && channels.second < HEAD_DIM ? load<float2>(row + channels.second) : float2{0, 0};
            LaneChannels::deal(x, y);
            q[step][half] = pack<Factor>(x.x, x.y);
            q[step][half + 2] = pack<Factor>(y.x, y.y);
        }
    }
}

// A row of the state, scaled: to [HEAD_DIM]. `half`: which of the lane's two rows. `has(i)`: whether this warp has its i-th sixteen channels.
template <class T, class Has> DEVICE void store_output(T* to, const AttentionState& state, int half, float factor, const Has& has)
{
#pragma unroll
    for (int i = 0; i < warp_channels / 16; i++)
    {
        if (!has(i)) continue;
        const float* left = state.output[i * 2] + half * 2;
        const float* right = state.output[i * 2 + 1] + half * 2;
        float2 x = {left[0] * factor, left[1] * factor}, y = {right[0] * factor, right[1] * factor};
        LaneChannels channels(i);
        LaneChannels::deal(x, y);
        if (channels.first < HEAD_DIM) store_pair(to + channels.first, x);
        if (channels.second < HEAD_DIM) store_pair(to + channels.second, y);
    }
}

// scores += q · kᵀ of one piece: q [16, warp_channels] in fragments.
template <int Pitch, class T = KV> DEVICE void add_scores(Columns& scores, const uint32 (&q)[warp_channels / 16][4], Piece<Pitch> keys)
{
    int lane = lane_index();
    Shared<uint8> own = keys.numbers + ((lane % 8 + lane / 16 * 8) * Pitch + lane / 8 % 2 * 16);
#pragma unroll
    for (int i = 0; i < warp_bytes / 32; i++)
    {
        uint32 k[4]; // positions 0 to 7: 32 bytes, 8 to 15: 32 bytes
        load_matrices(k, own + i * 32);
#pragma unroll
        for (int side = 0; side < 2; side++)
        {
            if constexpr (sizeof(T) == 2)
            {
                multiply_add<Factor>(scores[side], q[i], k[side * 2], k[side * 2 + 1]);
            }
            else
            {
                for (int step = 0; step < 2; step++)
                {
                    Widened wide = widen<T>(k[side * 2 + step]);
                    multiply_add<Factor>(scores[side], q[i * 2 + step], wide.even, wide.odd);
                }
            }
        }
    }

    keys.scale(scores);
}

// output += weights · v of one piece. Weights are scaled where they are.
template <int Pitch, class T = KV> DEVICE void add_values(AttentionState& state, Columns& weights, Piece<Pitch> values)
{
    values.scale(weights);
    uint32 w[4] = {pack<Factor>(weights[0][0], weights[0][1]), pack<Factor>(weights[0][2], weights[0][3]), pack<Factor>(weights[1][0], weights[1][1]), pack<Factor>(weights[1][2], weights[1][3])};
    int lane = lane_index();
    Shared<uint8> own = values.numbers + ((lane % 8 + lane / 8 % 2 * 8) * Pitch + lane / 16 * 16);
#pragma unroll
    for (int i = 0; i < warp_bytes / 32; i++)
    {
        uint32 v[4]; // 16 bytes: positions 0 to 7, 8 to 15; the next 16
        load_matrices_transposed(v, own + i * 32);
#pragma unroll
        for (int side = 0; side < 2; side++)
        {
            if constexpr (sizeof(T) == 2)
            {
                multiply_add<Factor>(state.output[i * 2 + side], w, v[side * 2], v[side * 2 + 1]);
            }
            else
            {
                Widened top = widen<T>(v[side * 2]), bottom = widen<T>(v[side * 2 + 1]);
                multiply_add<Factor>(state.output[i * 4 + side * 2], w, top.even, bottom.even);
                multiply_add<Factor>(state.output[i * 4 + side * 2 + 1], w, top.odd, bottom.odd);
            }
        }
    }
}

// Scaled, capped, in powers of two, and −∞ where the row doesn't see the position. `first`: the position of the tile's first column.
DEVICE void mask_scores(float (&scores)[pieces * 2][4], int first, const Visible (&rows)[2], float scale, float soft_cap)
{
    float factor = soft_cap > 0 ? scale : scale * log2_e;
#pragma unroll
    for (int i = 0; i < pieces * 2; i++)
        for (int j = 0; j < 4; j++)
        {
            scores[i][j] = __fmul_rn(scores[i][j], factor); // in no kernel one with what follows
            if (soft_cap > 0) scores[i][j] = soft_capped(scores[i][j], soft_cap);
        }

    if (first >= max(rows[0].first, rows[1].first) && first + tile_positions <= min(rows[0].end, rows[1].end)) return; // as most tiles are
    first += lane_index() % 4 * 2;
#pragma unroll
    for (int i = 0; i < pieces * 2; i++)
        for (int j = 0; j < 4; j++)
        {
            int position = first + i * 8 + j % 2;
            if (position < rows[j / 2].first || position >= rows[j / 2].end) scores[i][j] = -INFINITY;
        }
}

// Scores of 16 rows that two warps share, on their way from one to the other.
struct SharedScores
{
    static constexpr int size = row_warps == 1 ? 0 : tile_positions * 16; // of a warp
    Shared<float> own, other;   // [pieces * 2, 32, 4]

    explicit DEVICE SharedScores(Shared<float> all) : own(all + warp_index() * size), other(all + (warp_index() ^ 1) * size) {}

    DEVICE void put(const float (&scores)[pieces * 2][4]) const
    {
#pragma unroll
        for (int i = 0; i < pieces * 2; i++) store(own + (i * 32 + lane_index()) * 4, float4{scores[i][0], scores[i][1], scores[i][2], scores[i][3]});
    }

    DEVICE void add(float (&scores)[pieces * 2][4]) const
    {
#pragma unroll
        for (int i = 0; i < pieces * 2; i++)
        {
            float4 x = load<float4>(other + (i * 32 + lane_index()) * 4);
            scores[i][0] += x.x;
            scores[i][1] += x.y;
            scores[i][2] += x.z;
            scores[i][3] += x.w;
        }
    }
};
