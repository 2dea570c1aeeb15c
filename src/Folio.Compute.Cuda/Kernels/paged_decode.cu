// Attention of rows that are their sequence's only one, over pages.
//
// q [tokens, heads · HEAD_DIM] fp32, y likewise in Y. An item is (sequence, KV head, partition of its positions). The heads that share a KV head are rows of one matrix
// fragment, 16 at most at a time, so their keys and values are read once. Positions stream through a ring of pieces (16 rows of keys or of values) that are copied while
// those before them are used; warps have rings of their own. A warp takes an item by itself, to paged_prefill's bits; or each of the four of a block takes a tile of it, to bits of their own, and
// their states are merged in order; or, of large heads, two share an item's channels.
// Bound: reading the cache, at the card's memory bandwidth; of few sequences, the time that a warp takes for its positions, one piece behind the other.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, PARTITION (positions, a multiple of 64), WARPS (2 where HEAD_DIM is more than 128), TILE_WARPS (that share an item's tiles: 1, or all), Y.
#include "attention.cuh"

constexpr bool shares_tiles = TILE_WARPS > 1;
constexpr int items = WARPS / row_warps / TILE_WARPS; // of a block at once
static_assert(items == 1 || (row_warps == 1 && !shares_tiles), "warps that share an item have a block of their own: they meet at its barriers");
static_assert(!shares_tiles || TILE_WARPS * tile_positions == PARTITION);
using Stream = CacheStream<piece_positions, 32, 4, warp_bytes>;
constexpr int state_size = HEAD_DIM + 2;

// The first partition that the last row of a sequence sees anything of.
DEVICE int first_partition(int length, int window) { return window > 0 ? max(0, length - window) / PARTITION : 0; }

// The states of an item's tiles, each in the ring of the warp that has made it; rows from `heads` on are nobody's.
struct TileStates
{
    static constexpr int half_bytes = 32 * sizeof(float2), sums = warp_channels / 8 * 2 * half_bytes; // behind the outputs [HEAD_DIM / 8, 2, 32]
    static_assert(sums + 2 * half_bytes <= Stream::ring_bytes);
    Shared<uint8> rings;
    int heads;

    DEVICE static bool has(int sixteen) { return !shares_tiles || sixteen % TILE_WARPS == warp_index(); }

    // This warp's.
    DEVICE void put(const AttentionState& state) const
    {
        Shared<uint8> own = place(warp_index());
        for (int half = 0; half < 2; half++)
        {
            if (!is_row(half)) continue;
#pragma unroll
            for (int i = 0; i < warp_channels / 8; i++) store(own + (i * 2 + half) * half_bytes, float2{state.output[i][half * 2], state.output[i][half * 2 + 1]});
            store(own + sums + half * half_bytes, float2{state.maximum[half], state.sum[half]});
        }
    }

    // All of them, of the channels that this warp has.
    DEVICE void merge(AttentionState& state) const
    {
        state.clear();
        for (int tile = 0; tile < TILE_WARPS; tile++)
        {
            Shared<uint8> from = place(tile);
            for (int half = 0; half < 2; half++)
            {
                if (!is_row(half)) continue;
                float2 part = load<float2>(from + sums + half * half_bytes);
                Merge merge(state.maximum[half], part.x);
                state.maximum[half] = merge.maximum;
                state.sum[half] = merge.of(state.sum[half], part.y);
#pragma unroll
                for (int i = 0; i < warp_channels / 8; i++)
                {
                    if (!has(i / 2)) continue;
                    float2 output = load<float2>(from + (i * 2 + half) * half_bytes);
                    state.output[i][half * 2] = merge.of(state.output[i][half * 2], output.x);
                    state.output[i][half * 2 + 1] = merge.of(state.output[i][half * 2 + 1], output.y);
                }
            }
        }
    }

private:
    DEVICE bool is_row(int half) const { return lane_index() / 4 + half * 8 < heads; }
    DEVICE Shared<uint8> place(int tile) const { return rings + (tile * Stream::ring_bytes + lane_index() * static_cast<int>(sizeof(float2))); }
};

struct PagedDecodeArguments
{
    const float* q;
    Y* y;
    KvLayer cache;
    const StepHeader* step;
    const int* rows;            // [sequences] token row
    const int* lengths;         // [sequences] positions that it may see
    const int* partitions;      // [sequences] items of the sequence
    const int* part_starts;     // [sequences] where the states of its partitions begin, if there are several
    float* states;              // [parts, heads, HEAD_DIM + 2]: output unscaled, maximum, sum
    int q_stride, y_stride, heads, window;
    float scale, soft_cap;
};

KERNEL(paged_decode, PagedDecodeArguments, WARPS * 32)
{
    SharedArena arena;
    Shared<uint8> rings = arena.take<uint8>(WARPS * Stream::ring_bytes), ring = rings + warp_index() * Stream::ring_bytes;
    SharedScores shared(arena.take<float>(WARPS * SharedScores::size));
    int group = a.heads / a.cache.kv_heads, lane = lane_index();
    int units = a.step->item_count * a.cache.kv_heads;
    for (int unit = blockIdx.x * items + (shares_tiles ? 0 : warp_index() / row_warps); unit < units; unit += gridDim.x * items)
    {
        int item = a.step->numbers(a.step->items)[unit / a.cache.kv_heads], kv_head = unit % a.cache.kv_heads;
        int sequence = item & 0xFFFF, partition = item >> 16, length = a.lengths[sequence], row = a.rows[sequence];
        int first_seen = first_partition(length, a.window);
        if (partition < first_seen) continue; // wholly behind the window
        int first = partition * PARTITION + (shares_tiles ? warp_index() * tile_positions : 0), end = min(first + (shares_tiles ? tile_positions : PARTITION), length);
        Visible visible = {a.window > 0 ? max(0, length - a.window) : 0, length}, both[2] = {visible, visible};
        for (int head = kv_head * group; head < (kv_head + 1) * group; head += 16)
        {
            int heads = min(16, (kv_head + 1) * group - head);
            Stream stream = {ring, a.cache, a.step->table(sequence), kv_head, first, end, lane, warp_share() * warp_bytes};
            stream.begin();

            uint32 q[warp_channels / 16][4];
            const float* own_queries = a.q + static_cast<int64>(row) * a.q_stride + head * HEAD_DIM;
            load_queries(q, [own_queries, heads](int i) { return i < heads ? own_queries + i * HEAD_DIM : nullptr; });
            AttentionState state;
            state.clear();
            for (int tile = first, index = 0; tile < end; tile += tile_positions)
            {
                float scores[pieces * 2][4] = {};
#pragma unroll
                for (int piece = 0; piece < pieces; piece++, index++)
                {
                    Shared<uint8> keys = stream.arrived(index);
                    if (tile + piece * piece_positions < end) add_scores(columns_of(scores, piece), q, Stream::piece(keys, 0, 0));
                    stream.begin_next();
                }

                if constexpr (row_warps == 2)
                {
                    __syncthreads(); // the last tile's have been read
                    shared.put(scores);
                    __syncthreads();
                    shared.add(scores);
                }

                mask_scores(scores, tile, both, a.scale, a.soft_cap);
                state.take(scores);
#pragma unroll
                for (int piece = 0; piece < pieces; piece++, index++)
                {
                    Shared<uint8> values = stream.arrived(index);
                    if (tile + piece * piece_positions < end) add_values(state, columns_of(scores, piece), Stream::piece(values, 0, 0));
                    stream.begin_next();
                }

                if (shares_tiles) break; // it is the only one
            }

            copy_async_wait<0>();
            __syncwarp();
            if constexpr (shares_tiles)
            {
                TileStates states = {rings, heads};
                states.put(state);
                __syncthreads();
                states.merge(state);
                __syncthreads(); // rings are filled again
            }

            bool whole = a.partitions[sequence] - first_seen == 1;
            for (int half = 0; half < 2; half++)
            {
                int own = lane / 4 + half * 8;
                if (own >= heads) continue;
                if (whole)
                {
                    store_output(a.y + static_cast<int64>(row) * a.y_stride + (head + own) * HEAD_DIM, state, half, 1 / state.sum[half], TileStates::has);
                    continue;
                }

                float* to = a.states + (static_cast<int64>(a.part_starts[sequence] + partition) * a.heads + head + own) * state_size;
                store_output(to, state, half, 1, TileStates::has);
                if (lane % 4 == 0 && warp_share() == 0 && TileStates::has(0)) store(to + HEAD_DIM, float2{state.maximum[half], state.sum[half]});
            }
        }
    }
}

struct MergePartitionsArguments
{
    Y* y;
    const float* states;
    const int* rows;
    const int* lengths;
    const int* partitions;
    const int* part_starts;
    int y_stride, heads, window;
};

// A block takes one head of one sequence, a thread a channel or more of it.
KERNEL(merge_partitions, MergePartitionsArguments, 128)
{
    int head = blockIdx.x, sequence = blockIdx.y, count = a.partitions[sequence], first_seen = first_partition(a.lengths[sequence], a.window);
    if (count - first_seen <= 1) return;
    const float* states = a.states + (static_cast<int64>(a.part_starts[sequence]) * a.heads + head) * state_size;
    int64 stride = static_cast<int64>(a.heads) * state_size;
    Y* to = a.y + static_cast<int64>(a.rows[sequence]) * a.y_stride + head * HEAD_DIM;
    for (int channel = threadIdx.x; channel < HEAD_DIM; channel += blockDim.x)
    {
        float maximum = -INFINITY, output = 0, sum = 0;
        for (int part = first_seen; part < count; part++)
        {
            const float* state = states + part * stride;
            Merge merge(maximum, state[HEAD_DIM]);
            maximum = merge.maximum;
            output = merge.of(output, state[channel]);
            sum = merge.of(sum, state[HEAD_DIM + 1]);
        }

        to[channel] = from_float<Y>(output * (1 / sum));
    }
}
