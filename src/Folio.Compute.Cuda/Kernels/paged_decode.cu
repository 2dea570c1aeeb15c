// Attention of rows that are their sequence's only one, over pages.
//
// q [tokens, heads · HEAD_DIM] fp32, y likewise in Y; a warp takes one item: (sequence, KV head, partition of its positions). The heads that share a KV head are rows of one matrix
// fragment, 16 at most at a time, so their keys and values are read once. Positions stream through a ring of pieces (16 rows of keys or of values) that are copied while
// those before them are used; warps have rings of their own and never wait for each other.
// Bound: reading the cache, at the card's memory bandwidth.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, PARTITION (positions, a multiple of 64), WARPS, Y.
#include "attention.cuh"

constexpr int ring = 4;         // pieces of a warp in shared memory
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

struct Pieces
{
    Shared<KV> slots;           // [ring, 16, row_pitch]
    KvLayer cache;
    const int* table;
    int head, first, end;       // positions of the item
    int begun = 0;

    // Pieces come tile by tile: its keys, then its values. Begins to copy the next one, and closes a group in any case.
    DEVICE void begin_next()
    {
        int tile = first + begun / (pieces * 2) * tile_positions, piece = begun % (pieces * 2);
        int start = tile + piece % pieces * piece_positions;
        if (start < end)
        {
            Shared<KV> slot = slots + begun % ring * piece_positions * row_pitch;
            constexpr int chunks = head_dim / 8;
#pragma unroll 2
            for (int i = lane_index(); i < piece_positions * chunks; i += 32)
            {
                int row = i / chunks, chunk = i % chunks * 8, position = start + row;
                bool valid = position < end;
                int block = valid ? table[position / BLOCK_SIZE] : 0;
                const KV* head_rows = piece < pieces ? cache.keys(block, head) : cache.values(block, head);
                copy_async(slot + (row * row_pitch + chunk), head_rows + position % BLOCK_SIZE * head_dim + chunk, valid);
            }
        }

        copy_async_commit();
        begun++;
    }

    // Waits for a piece; pieces are waited for in order.
    DEVICE Shared<KV> arrived(int index) const
    {
        copy_async_wait<ring - 2>();
        __syncwarp();
        return slots + index % ring * piece_positions * row_pitch;
    }
};

KERNEL(paged_decode, PagedDecodeArguments, WARPS * 32)
{
    SharedArena arena;
    Shared<KV> all = arena.take<KV>(WARPS * ring * piece_positions * row_pitch);
    int group = a.heads / a.cache.kv_heads, lane = lane_index();
    int units = a.step->item_count * a.cache.kv_heads;
    for (int unit = blockIdx.x * WARPS + warp_index(); unit < units; unit += gridDim.x * WARPS)
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
            Pieces stream = {all + warp_index() * ring * piece_positions * row_pitch, a.cache, a.step->table(sequence), kv_head, first, end};
            for (int i = 0; i < ring - 1; i++) stream.begin_next();

            uint32 q[head_dim / 16][4];
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
                    Shared<KV> keys = stream.arrived(index);
                    if (tile + piece * piece_positions < end) add_scores(reinterpret_cast<float(&)[2][4]>(scores[piece * 2]), q, keys);
                    stream.begin_next();
                }

                mask_scores(scores, tile, both, a.scale, a.soft_cap);
                state.take(scores);
#pragma unroll
                for (int piece = 0; piece < pieces; piece++, index++)
                {
                    Shared<KV> values = stream.arrived(index);
                    if (tile + piece * piece_positions < end) add_values(state, scores[piece * 2], scores[piece * 2 + 1], values);
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
                if (lane % 4 == 0) store(to + HEAD_DIM, float2{state.maximum[half], state.sum[half]});
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
