// Attention of rows of which a sequence has several in the step (prompts, chunks of them, verification), over pages, causal or not: FlashAttention 2.
//
// A block takes 64 rows (prefill.cuh), a warp (or two, of large heads) 16 of them. Keys and values of 64 positions are copied while those before them are used. A row's bits are
// those that paged_decode would give it (attention.cuh).
// Bound: by the matrix units from some hundred rows on, below by reading the cache.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, PARTITION (positions, a multiple of 64), Y.
#include "attention.cuh"
#include "prefill.cuh"

constexpr int rows_of_block = 64;
constexpr int threads = rows_of_block / 16 * row_warps * 32;
using Stream = CacheStream<tile_positions, threads, row_warps == 1 ? 4 : 2, row_bytes>;

KERNEL(paged_prefill, PagedPrefillArguments, threads)
{
    SharedArena arena;
    Shared<uint8> ring = arena.take<uint8>(Stream::ring_bytes);
    SharedScores shared(arena.take<float>(threads / 32 * SharedScores::size));
    const PrefillRows rows(a, rows_of_block);
    int begin = rows.visible(rows.first).first / PARTITION * PARTITION, end = rows.visible(rows.last).end;

    int own_first = rows.first + warp_index() / row_warps * 16, own_bytes = warp_share() * warp_bytes, lane = lane_index();
    Visible visible[2] = {rows.visible(own_first + lane / 4), rows.visible(own_first + lane / 4 + 8)};

    uint32 q[warp_channels / 16][4];
    load_queries(q, [&](int i) { return rows.query(own_first + i); });

    Stream stream = {ring, a.cache, rows.table, rows.kv_head, begin, end, static_cast<int>(threadIdx.x), 0};
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
        if (row <= rows.last) store_output(rows.output(row), total, half, 1 / total.sum[half], [](int) { return true; });
    }
}
