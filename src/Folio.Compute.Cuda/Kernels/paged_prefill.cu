// Attention of rows of which a sequence has several in the step (prompts, chunks of them, verification), over pages, causal or not.
//
// q [tokens, heads · HEAD_DIM] fp32, y likewise in Y. A block takes 64 rows of one KV head of one sequence, a warp 16 of them; a row is a token's query vector for one of the heads
// that share the KV head, so all of these use the keys and values that a block reads once (FlashAttention 2 over pages). Tiles of 64 positions are copied while those
// before them are used. A row's bits are those that paged_decode would give it (attention.cuh).
// Bound: by the matrix units from some hundred rows on, below by reading the cache.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, PARTITION (positions, a multiple of 64), Y.
#include "attention.cuh"

constexpr int warps = 4;
constexpr int tile_values = tile_positions * row_pitch;

struct PagedPrefillArguments
{
    const float* q;
    Y* y;
    KvLayer cache;
    const StepHeader* step;
    const int* tiles;           // [2, tiles] sequence; first row of the tile within the sequence's (token, head) rows
    const int* query_starts;    // [sequences + 1] first token row
    const int* lengths;         // [sequences] positions that the last row sees
    int tile_count, q_stride, y_stride, heads, window, causal;
    float scale, soft_cap;
};

// Begins to copy keys and values of [start, start + 64) to one stage, and closes the group.
DEVICE void begin_tile(Shared<KV> stage, const KvLayer& cache, const int* table, int head, int start, int end)
{
    constexpr int chunks = head_dim / 8;
#pragma unroll 2
    for (int i = threadIdx.x; i < 2 * tile_positions * chunks; i += warps * 32)
    {
        int row = i / chunks % tile_positions, chunk = i % chunks * 8, position = start + row;
        bool values = i >= tile_positions * chunks, valid = position < end;
        int block = valid ? table[position / BLOCK_SIZE] : 0;
        const KV* rows = values ? cache.values(block, head) : cache.keys(block, head);
        copy_async(stage + ((values ? tile_values : 0) + row * row_pitch + chunk), rows + position % BLOCK_SIZE * head_dim + chunk, valid);
    }

    copy_async_commit();
}

KERNEL(paged_prefill, PagedPrefillArguments, warps * 32)
{
    SharedArena arena;
    Shared<KV> stages = arena.take<KV>(2 * 2 * tile_values);
    int tile_index = blockIdx.x, kv_head = blockIdx.y, group = a.heads / a.cache.kv_heads;
    int sequence = a.tiles[tile_index], first_row = a.tiles[a.tile_count + tile_index];
    int first_token = a.query_starts[sequence], tokens = a.query_starts[sequence + 1] - first_token, length = a.lengths[sequence];
    int start = length - tokens; // position of the sequence's first token in this step
    const int* table = a.step->table(sequence);

    // Positions that the block's rows see: from the first row's first to the last row's last.
    int last_row = min(first_row + warps * 16, tokens * group) - 1;
    int end = a.causal != 0 ? start + last_row / group + 1 : length;
    int begin = a.window > 0 ? max(0, start + first_row / group + 1 - a.window) / PARTITION * PARTITION : 0;

    int own_first = first_row + warp_index() * 16, lane = lane_index();
    Visible visible[2];
    for (int half = 0; half < 2; half++)
    {
        int row = own_first + lane / 4 + half * 8, position = start + row / group;
        visible[half] = row <= last_row ? Visible{a.window > 0 ? max(0, position + 1 - a.window) : 0, a.causal != 0 ? position + 1 : length} : Visible{0, 0};
    }

    uint32 q[head_dim / 16][4];
    load_queries(q, [&](int i)
    {
        int row = own_first + i;
        return row <= last_row ? a.q + static_cast<int64>(first_token + row / group) * a.q_stride + (kv_head * group + row % group) * HEAD_DIM : nullptr;
    });

    AttentionState total, part;
    total.clear();
    part.clear();
    begin_tile(stages, a.cache, table, kv_head, begin, end);
    for (int tile = begin; tile < end; tile += tile_positions)
    {
        int stage = tile / tile_positions % 2 * 2 * tile_values, next = tile + tile_positions;
        if (next < end) begin_tile(stages + (2 * tile_values - stage), a.cache, table, kv_head, next, end);
        else copy_async_commit();
        copy_async_wait<1>();
        __syncthreads();

        float scores[pieces * 2][4] = {};
#pragma unroll
        for (int piece = 0; piece < pieces; piece++)
            add_scores(reinterpret_cast<float(&)[2][4]>(scores[piece * 2]), q, stages + (stage + piece * piece_positions * row_pitch));
        mask_scores(scores, tile, visible, a.scale, a.soft_cap);
        part.take(scores);
#pragma unroll
        for (int piece = 0; piece < pieces; piece++)
            add_values(part, scores[piece * 2], scores[piece * 2 + 1], stages + (stage + tile_values + piece * piece_positions * row_pitch));
        __syncthreads();

        if (next % PARTITION == 0 || next >= end)
        {
            total.merge(part);
            part.clear();
        }
    }

    copy_async_wait<0>();
    for (int half = 0; half < 2; half++)
    {
        int row = own_first + lane / 4 + half * 8;
        if (row > last_row) continue;
        store_output(a.y + static_cast<int64>(first_token + row / group) * a.y_stride + (kv_head * group + row % group) * HEAD_DIM, total, half, 1 / total.sum[half]);
    }
}
