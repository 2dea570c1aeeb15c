// Attention of rows of which a sequence has several in the step (prompts, chunks of them, verification), over pages, causal or not.
//
// q [tokens, heads · HEAD_DIM] fp32, y likewise in Y. A block takes 64 rows of one KV head of one sequence, a warp (or two, of large heads) 16 of them; a row is a token's query vector for one of the heads
// that share the KV head, so all of these use the keys and values that a block reads once (FlashAttention 2 over pages). Keys and values of 64 positions are copied while
// those before them are used. A row's bits are those that paged_decode would give it (attention.cuh).
// Bound: by the matrix units from some hundred rows on, below by reading the cache.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, PARTITION (positions, a multiple of 64), Y.
#include "attention.cuh"

constexpr int rows_of_block = 64;
constexpr int threads = rows_of_block / 16 * row_warps * 32;
using Stream = CacheStream<tile_positions, threads, row_warps == 1 ? 4 : 2, row_bytes>;

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

KERNEL(paged_prefill, PagedPrefillArguments, threads)
{
    SharedArena arena;
    Shared<uint8> ring = arena.take<uint8>(Stream::ring_bytes);
    SharedScores shared(arena.take<float>(threads / 32 * SharedScores::size));
    int tile_index = blockIdx.x, kv_head = blockIdx.y, group = a.heads / a.cache.kv_heads;
    int sequence = a.tiles[tile_index], first_row = a.tiles[a.tile_count + tile_index];
    int first_token = a.query_starts[sequence], tokens = a.query_starts[sequence + 1] - first_token, length = a.lengths[sequence];
    int start = length - tokens; // position of the sequence's first token in this step
    const int* table = a.step->table(sequence);

    // Positions that the block's rows see: from the first row's first to the last row's last.
    int last_row = min(first_row + rows_of_block, tokens * group) - 1;
    int end = a.causal != 0 ? start + last_row / group + 1 : length;
    int begin = a.window > 0 ? max(0, start + first_row / group + 1 - a.window) / PARTITION * PARTITION : 0;

    int own_first = first_row + warp_index() / row_warps * 16, own_bytes = warp_share() * warp_bytes, lane = lane_index();
    Visible visible[2];
    for (int half = 0; half < 2; half++)
    {
        int row = own_first + lane / 4 + half * 8, position = start + row / group;
        visible[half] = row <= last_row ? Visible{a.window > 0 ? max(0, position + 1 - a.window) : 0, a.causal != 0 ? position + 1 : length} : Visible{0, 0};
    }

    uint32 q[warp_channels / 16][4];
    load_queries(q, [&](int i)
    {
        int row = own_first + i;
        return row <= last_row ? a.q + static_cast<int64>(first_token + row / group) * a.q_stride + (kv_head * group + row % group) * HEAD_DIM : nullptr;
    });

    Stream stream = {ring, a.cache, table, kv_head, begin, end, static_cast<int>(threadIdx.x), 0};
    stream.begin();
    AttentionState total, part;
    total.clear();
    part.clear();
    for (int tile = begin, index = 0; tile < end; tile += tile_positions, index += 2)
    {
        float scores[pieces * 2][4] = {};
        Shared<uint8> keys = stream.arrived(index);
        stream.begin_next();
#pragma unroll
        for (int piece = 0; piece < pieces; piece++) add_scores(columns_of(scores, piece), q, Stream::piece(keys, piece, own_bytes));
        if constexpr (row_warps == 2) shared.put(scores);

        Shared<uint8> values = stream.arrived(index + 1);
        stream.begin_next();
        if constexpr (row_warps == 2) shared.add(scores);
        mask_scores(scores, tile, visible, a.scale, a.soft_cap);
        part.take(scores);
#pragma unroll
        for (int piece = 0; piece < pieces; piece++) add_values(part, columns_of(scores, piece), Stream::piece(values, piece, own_bytes));

        int next = tile + tile_positions;
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
