// The paged KV cache in the card's memory: [blocks, layers, 2 (keys, values), kvHeads] parts of BLOCK_SIZE rows, one behind the other, and of the rows' scales behind them, where
// numbers have such. All of a block lies together, so that one block is one run of bytes to copy or to swap.
//
// Left open: KV (the stored type: bf16, f16, e4m3 or int8), BLOCK_SIZE, HEAD_DIM (even).
#pragma once
#include "kv_numbers.cuh"

constexpr bool has_scales = Stored<KV>::has_scales;
constexpr int row_warps = HEAD_DIM > 128 ? 2 : 1; // that share a row's channels in attention: one has no registers for more
constexpr int row_step = 32 * row_warps;          // bytes that these load at once
constexpr int row_bytes = (HEAD_DIM * static_cast<int>(sizeof(KV)) + row_step - 1) / row_step * row_step;
constexpr int head_dim = row_bytes / sizeof(KV);  // of a stored row: zeros behind the head's own channels
constexpr int part_bytes = BLOCK_SIZE * row_bytes + (has_scales ? (BLOCK_SIZE * 4 + 15) / 16 * 16 : 0);

struct KvLayer
{
    uint8* data;         // keys of this layer in block 0
    int64 block_stride;  // bytes from block to block
    int kv_heads;

    // A head's keys or values in a block: rows, [BLOCK_SIZE, row_bytes].
    DEVICE uint8* part(int block, int head, bool values) const { return data + block * block_stride + static_cast<int64>(head + (values ? kv_heads : 0)) * part_bytes; }

    // [BLOCK_SIZE] fp32, of a part with scales.
    DEVICE static float* scales(uint8* part) { return reinterpret_cast<float*>(part + BLOCK_SIZE * row_bytes); }
};
