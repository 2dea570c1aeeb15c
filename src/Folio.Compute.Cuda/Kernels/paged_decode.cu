// Attention of rows that are their sequence's only one, over pages.
//
// q [tokens, heads · HEAD_DIM] fp32, y likewise in Y; a warp takes one item: (sequence, KV head, partition of its positions). The heads that share a KV head are rows of one matrix
// fragment, 16 at most at a time, so their keys and values are read once. Positions stream through a ring of pieces (16 rows of keys or of values) that are copied while
// those before them are used; warps have rings of their own and never wait for each other, but for the two of a block that share an item's channels.
// Bound: reading the cache, at the card's memory bandwidth.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, PARTITION (positions, a multiple of 64), WARPS (2 where HEAD_DIM is more than 128), Y.
#include "attention.cuh"

static_assert(row_warps == 1 || WARPS == row_warps, "warps that share rows have a block of their own: they meet at its barriers");
constexpr int items = WARPS / row_warps; // of a block at once
using Stream = CacheStream<piece_positions, 32, 4, warp_bytes>;
constexpr int state_size = HEAD_DIM + 2;

// The first partition that the last row of a sequence sees anything of.
DEVICE int first_partition(int length, int window) { return window > 0 ? max(0, length - window) / PARTITION : 0; }

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
    Shared<uint8> ring = arena.take<uint8>(WARPS * Stream::ring_bytes) + warp_index() * Stream::ring_bytes;
    SharedScores shared(arena.take<float>(WARPS * SharedScores::size));
    int group = a.heads / a.cache.kv_heads, lane = lane_index();
    int units = a.step->item_count * a.cache.kv_heads;
    for (int unit = blockIdx.x * items + warp_index() / row_warps; unit < units; unit += gridDim.x * items)
    {
        int item = a.step->numbers(a.step->items)[unit / a.cache.kv_heads], kv_head = unit % a.cache.kv_heads;
        int sequence = item & 0xFFFF, partition = item >> 16, length = a.lengths[sequence], row = a.rows[sequence];
        int first_seen = first_partition(length, a.window);
        if (partition < first_seen) continue; // wholly behind the window
        int first = partition * PARTITION, end = min(first + PARTITION, length);
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
            }

            copy_async_wait<0>();
            __syncwarp();
            bool whole = a.partitions[sequence] - first_seen == 1;
            for (int half = 0; half < 2; half++)
            {
                int own = lane / 4 + half * 8;
                if (own >= heads) continue;
                if (whole)
                {
                    store_output(a.y + static_cast<int64>(row) * a.y_stride + (head + own) * HEAD_DIM, state, half, 1 / state.sum[half]);
                    continue;
                }

                float* to = a.states + (static_cast<int64>(a.part_starts[sequence] + partition) * a.heads + head + own) * state_size;
                store_output(to, state, half, 1);
                if (lane % 4 == 0 && warp_share() == 0) store(to + HEAD_DIM, float2{state.maximum[half], state.sum[half]});
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
