// The paged KV cache in the card's memory: [blocks, layers, 2 (keys, values), kvHeads, BLOCK_SIZE, HEAD_DIM]. All of a block lies together, so that one block is
// one run of bytes to copy or to swap; a head's keys within it are BLOCK_SIZE rows, one behind the other.
//
// Left open: KV (the stored type), BLOCK_SIZE, HEAD_DIM.
#pragma once
#include "gpu.cuh"

struct KvLayer
{
    KV* data;            // keys of this layer in block 0
    int64 block_stride;  // values from block to block
    int kv_heads;

    DEVICE KV* keys(int block, int head) const { return data + block * block_stride + static_cast<int64>(head) * BLOCK_SIZE * HEAD_DIM; }
    DEVICE KV* values(int block, int head) const { return keys(block, head + kv_heads); }
};
