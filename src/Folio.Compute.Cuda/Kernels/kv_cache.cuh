// The paged KV cache in the card's memory: [blocks, layers, 2 (keys, values), kvHeads, BLOCK_SIZE, head_dim]. All of a block lies together, so that one block is
// one run of bytes to copy or to swap; a head's keys within it are BLOCK_SIZE rows, one behind the other.
//
// Left open: KV (the stored type), BLOCK_SIZE, HEAD_DIM (even).
#pragma once
#include "gpu.cuh"

constexpr int head_dim = (HEAD_DIM + 15) / 16 * 16; // of a stored row: as matrix instructions take it, zeros behind the head's own channels

struct KvLayer
{
    KV* data;            // keys of this layer in block 0
    int64 block_stride;  // values from block to block
    int kv_heads;

    DEVICE KV* keys(int block, int head) const { return data + block * block_stride + static_cast<int64>(head) * BLOCK_SIZE * head_dim; }
    DEVICE KV* values(int block, int head) const { return keys(block, head + kv_heads); }
};
