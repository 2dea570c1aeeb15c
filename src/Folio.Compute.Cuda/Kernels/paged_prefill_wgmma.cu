// paged_prefill for cards of compute capability 9.0 and caches of 16-bit numbers: FlashAttention 3 in what it overlaps.
//
// A block takes 128 rows (prefill.cuh), a warpgroup 64 of them. Products read queries, keys and values from shared memory, and run beside the warpgroup's own threads: while the
// values of a tile are taken in, the next tile's scores become weights, and the tiles behind these are copied; the other warpgroup's products run meanwhile. A row's bits don't
// depend on what runs beside it, but they are not those of paged_decode.
// Bound: by the matrix units from some hundred rows on, if powers of two (16 a clock) and copies (16 bytes each) hide behind them; below by reading the cache.
//
// Left open: KV (bf16 or f16), BLOCK_SIZE, HEAD_DIM (a multiple of 64), Y.
#include "prefill.cuh"
#include "warpgroup.cuh"

static_assert(sizeof(KV) == 2 && HEAD_DIM % 64 == 0);

constexpr int warpgroups = 2, threads = warpgroups * 128, rows_of_block = warpgroups * 64;
constexpr int tile_positions = HEAD_DIM <= 128 ? 128 : 64;      // as registers allow
constexpr int product_channels = HEAD_DIM % 128 == 0 ? 128 : 64; // of the output, in one product
constexpr int tile_bytes = tile_positions * row_bytes;
static_assert(row_bytes == HEAD_DIM * 2 && rows_of_block * row_bytes % 1024 == 0 && tile_bytes % 1024 == 0, "panels are swizzled by 1024 bytes");

using Queries = Panels<rows_of_block>;
using Tile = Panels<tile_positions>;
using Scores = float[tile_positions / 2];                              // of matrix fragments, as those that follow
using Weights = uint32[tile_positions / 16][4];
using Output = float[HEAD_DIM / product_channels][product_channels / 2];

DEVICE void load_queries(Queries to, const PrefillRows& rows)
{
    constexpr int pieces = HEAD_DIM / 8;
    for (int i = threadIdx.x; i < rows_of_block * pieces; i += threads)
    {
        int row = i / pieces, piece = i % pieces;
        const float* from = rows.query(rows.first + row);
        float4 x = {0, 0, 0, 0}, y = x;
        if (from != nullptr) x = load<float4>(from + piece * 8), y = load<float4>(from + piece * 8 + 4);
        store(to.piece(row, piece), uint4{pack<KV>(x.x, x.y), pack<KV>(x.z, x.w), pack<KV>(y.x, y.y), pack<KV>(y.z, y.w)});
    }
}

// Keys and values of a block's positions: two slots for tiles of either, each refilled while the other is used.
struct TileRing
{
    Shared<uint8> keys_of_two, values_of_two;
    const PrefillRows& rows;
    int begin, end; // positions

    DEVICE Tile keys(int tile) const { return {keys_of_two + tile % 2 * tile_bytes}; }
    DEVICE Tile values(int tile) const { return {values_of_two + tile % 2 * tile_bytes}; }
    DEVICE int first(int tile) const { return begin + tile * tile_positions; }

    DEVICE void begin_keys(int tile) const { begin_copy(keys(tile), first(tile), false); }
    DEVICE void begin_values(int tile) const { begin_copy(values(tile), first(tile), true); }

    // All that has begun is there, for products too, and all of the block have left what comes next.
    DEVICE void arrive() const
    {
        copy_async_wait<0>();
        products_see_writes();
        __syncthreads();
    }

private:
    DEVICE void begin_copy(Tile to, int first, bool values) const
    {
        constexpr int pieces = row_bytes / 16, each = tile_positions * pieces / threads;
        static_assert(each * threads == tile_positions * pieces);
        int block[each]; // asked for together: copies aren't moved before one another
#pragma unroll
        for (int i = 0; i < each; i++)
        {
            int position = first + (i * threads + static_cast<int>(threadIdx.x)) / pieces;
            block[i] = position < end ? rows.table[position / BLOCK_SIZE] : 0;
        }

#pragma unroll
        for (int i = 0; i < each; i++)
        {
            int index = i * threads + static_cast<int>(threadIdx.x), row = index / pieces, piece = index % pieces, position = first + row;
            const uint8* from = rows.a.cache.part(block[i], rows.kv_head, values);
            copy_async(to.piece(row, piece), from + position % BLOCK_SIZE * row_bytes + piece * 16, position < end);
        }

        copy_async_commit();
    }
};

// q · kᵀ of a warpgroup's rows, begun.
DEVICE void begin_scores(Scores& scores, Queries queries, Tile keys)
{
#pragma unroll
    for (int step = 0; step < HEAD_DIM / 16; step++) multiply_add_group<KV>(scores, queries.columns(warp_index() / 4 * 64, step), keys.columns(0, step), step > 0);
    products_commit();
}

// output += weights · v, begun.
DEVICE void begin_values(Output& output, const Weights& weights, Tile values)
{
#pragma unroll
    for (int part = 0; part < HEAD_DIM / product_channels; part++)
#pragma unroll
        for (int step = 0; step < tile_positions / 16; step++) multiply_add_group<KV>(output[part], weights[step], values.rows(part * product_channels / 64, step), true);
    products_commit();
}

// The two rows of a lane, lane / 4 and lane / 4 + 8 of its warp's.
struct TwoRows
{
    Visible visible[2], by_all;      // by each, and by all of the warpgroup's
    float maximum[2], sum[2];        // sum: of the lane's own columns
    float keep[2];                   // what the output so far is to be multiplied by

    // Of scores: capped, and −∞ where the row doesn't see the position. `first`: the position of the first column.
    DEVICE void mask(Scores& scores, int first, float scale, float soft_cap) const
    {
        if (soft_cap > 0)
        {
#pragma unroll
            for (int i = 0; i < tile_positions / 2; i++) scores[i] = soft_capped(__fmul_rn(scores[i], scale), soft_cap);
        }

        if (first >= by_all.first && first + tile_positions <= by_all.end) return;
        first += lane_index() % 4 * 2;
#pragma unroll
        for (int i = 0; i < tile_positions / 2; i++)
        {
            int position = first + i / 4 * 8 + i % 2, half = i / 2 % 2;
            if (position < visible[half].first || position >= visible[half].end) scores[i] = -INFINITY;
        }
    }

    // Of scores, weights. `factor` makes of scores powers of two.
    DEVICE void weigh(Scores& scores, float factor)
    {
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            float most = maximum[half];
#pragma unroll
            for (int i = half * 2; i < tile_positions / 2; i += 4) most = fmaxf(most, fmaxf(scores[i], scores[i + 1]));
            most = fmaxf(most, __shfl_xor_sync(all_lanes, most, 1));
            most = fmaxf(most, __shfl_xor_sync(all_lanes, most, 2));
            float base = most == -INFINITY ? 0 : __fmul_rn(most, factor); // a row that sees nothing yet
            keep[half] = quick_exp2(__fmul_rn(maximum[half], factor) - base); // 1, to the bit, in tiles of which a row sees nothing
            maximum[half] = most;
            float total = 0;
#pragma unroll
            for (int i = half * 2; i < tile_positions / 2; i += 4)
                for (int j = i; j < i + 2; j++)
                {
                    scores[j] = quick_exp2(fmaf(scores[j], factor, -base));
                    total += scores[j];
                }

            sum[half] = fmaf(sum[half], keep[half], total);
        }
    }
};

DEVICE void pack_weights(Weights& weights, const Scores& scores)
{
#pragma unroll
    for (int i = 0; i < tile_positions / 4; i++) weights[i / 4][i % 4] = pack<KV>(scores[i * 2], scores[i * 2 + 1]);
}

DEVICE void scale_output(Output& output, const float (&factor)[2])
{
#pragma unroll
    for (int part = 0; part < HEAD_DIM / product_channels; part++)
#pragma unroll
        for (int i = 0; i < product_channels / 2; i++) output[part][i] *= factor[i / 2 % 2];
}

KERNEL(paged_prefill_wgmma, PagedPrefillArguments, threads)
{
    SharedArena arena;
    Queries queries = {arena.take<uint8>(rows_of_block * row_bytes)};
    Shared<uint8> keys = arena.take<uint8>(2 * tile_bytes), values = arena.take<uint8>(2 * tile_bytes);
    const PrefillRows rows(a, rows_of_block);
    int begin = rows.visible(rows.first).first / tile_positions * tile_positions, end = rows.visible(rows.last).end;
    int tiles = (end - begin + tile_positions - 1) / tile_positions;
    TileRing ring = {keys, values, rows, begin, end};
    ring.begin_keys(0);
    load_queries(queries, rows);

    int group_first = rows.first + warp_index() / 4 * 64, own_first = rows.first + warp_index() * 16 + lane_index() / 4;
    TwoRows own = {{rows.visible(own_first), rows.visible(own_first + 8)}, {rows.visible(group_first + 63).first, rows.visible(group_first).end}, {-INFINITY, -INFINITY}, {0, 0}, {0, 0}};
    float factor = a.soft_cap > 0 ? 1 : a.scale * log2_e;
    Scores scores;
    Weights weights;
    Output output = {};

    ring.arrive();
    products_begin(scores);
    begin_scores(scores, queries, ring.keys(0));
    if (tiles > 1) ring.begin_keys(1);
    ring.begin_values(0);
    products_wait<0>(scores);
    own.mask(scores, begin, a.scale, a.soft_cap);
    own.weigh(scores, factor);
    pack_weights(weights, scores);
    for (int tile = 1; tile < tiles; tile++)
    {
        ring.arrive();
        products_begin(scores, weights, output);
        begin_scores(scores, queries, ring.keys(tile));
        begin_values(output, weights, ring.values(tile - 1));
        if (tile + 1 < tiles) ring.begin_keys(tile + 1);
        ring.begin_values(tile);
        products_wait<1>(scores);
        own.mask(scores, ring.first(tile), a.scale, a.soft_cap);
        own.weigh(scores, factor);
        products_wait<0>(output, weights);
        scale_output(output, own.keep);
        pack_weights(weights, scores);
    }

    ring.arrive();
    products_begin(weights, output);
    begin_values(output, weights, ring.values(tiles - 1));
    products_wait<0>(output, weights);
    for (int half = 0; half < 2; half++)
    {
        float sum = own.sum[half];
        sum += __shfl_xor_sync(all_lanes, sum, 1);
        sum += __shfl_xor_sync(all_lanes, sum, 2);
        int row = own_first + half * 8;
        if (row > rows.last) continue;
        Y* to = rows.output(row) + lane_index() % 4 * 2;
        float share = 1 / sum;
#pragma unroll
        for (int part = 0; part < HEAD_DIM / product_channels; part++)
#pragma unroll
            for (int i = half * 2; i < product_channels / 2; i += 4)
                store_pair(to + part * product_channels + i / 4 * 8, float2{output[part][i] * share, output[part][i + 1] * share});
    }
}
