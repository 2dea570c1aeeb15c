// What kernels of prefill are launched with, and which rows a block of theirs takes: some of one KV head of one sequence. A row is a token's query vector for one of the heads that
// share the KV head, so all of these use the keys and values that a block reads once.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM, Y.
#pragma once
#include "kv_cache.cuh"
#include "step.cuh"

struct PagedPrefillArguments
{
    const float* q;             // [tokens, heads · HEAD_DIM]
    Y* y;                       // likewise
    KvLayer cache;
    const StepHeader* step;
    const int* tiles;           // [2, tiles] sequence; first row of the tile within the sequence's (token, head) rows
    const int* query_starts;    // [sequences + 1] first token row
    const int* lengths;         // [sequences] positions that the last row sees
    int tile_count, q_stride, y_stride, heads, window, causal;
    float scale, soft_cap;
};

struct PrefillRows
{
    const PagedPrefillArguments& a;
    int kv_head, group, first_token, first, last, length;
    int start;                  // position of the sequence's first token in this step
    const int* table;

    // A block's. Blocks begin in order: the last tiles, which see the most, of all heads first.
    DEVICE PrefillRows(const PagedPrefillArguments& a, int most) : a(a), kv_head(blockIdx.x % a.cache.kv_heads), group(a.heads / a.cache.kv_heads)
    {
        int tile = a.tile_count - 1 - static_cast<int>(blockIdx.x) / a.cache.kv_heads, sequence = a.tiles[tile];
        first_token = a.query_starts[sequence];
        int tokens = a.query_starts[sequence + 1] - first_token;
        first = a.tiles[a.tile_count + tile];
        last = min(first + most, tokens * group) - 1;
        length = a.lengths[sequence];
        start = length - tokens;
        table = a.step->table(sequence);
    }

    // Rows behind the last see something too; nobody asks what.
    DEVICE Visible visible(int row) const
    {
        int position = start + row / group;
        return {a.window > 0 ? max(0, position + 1 - a.window) : 0, a.causal != 0 ? position + 1 : length};
    }

    // Null where there is no such row.
    DEVICE const float* query(int row) const { return row <= last ? a.q + static_cast<int64>(first_token + row / group) * a.q_stride + column(row) : nullptr; }
    DEVICE Y* output(int row) const { return a.y + static_cast<int64>(first_token + row / group) * a.y_stride + column(row); }

private:
    DEVICE int column(int row) const { return (kv_head * group + row % group) * HEAD_DIM; }
};
