// Writes each row's keys and values to its slot of the pages: the paper's fused reshape and block write (§5.1).
//
// k and v [tokens, kvHeads · HEAD_DIM] fp32, rows `stride` values apart. A block takes one token, a thread two neighbouring channels at a time.
// Bound: reading k and v, at the card's memory bandwidth.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM.
#include "kv_cache.cuh"

struct StoreKvArguments
{
    const float* k;
    const float* v;
    KvLayer cache;
    const int* slots; // [tokens] block · BLOCK_SIZE + offset; negative: a row that is none
    int stride;
};

KERNEL(store_kv, StoreKvArguments, 256)
{
    int token = blockIdx.x, slot = a.slots[token];
    if (slot < 0) return;
    int block = slot / BLOCK_SIZE, offset = slot % BLOCK_SIZE * HEAD_DIM;
    for (int i = threadIdx.x * 2; i < a.cache.kv_heads * HEAD_DIM; i += blockDim.x * 2)
    {
        int head = i / HEAD_DIM, channel = i % HEAD_DIM;
        int64 from = static_cast<int64>(token) * a.stride + i;
        float2 key = load<float2>(a.k + from), value = load<float2>(a.v + from);
        store_pair(a.cache.keys(block, head) + offset + channel, key);
        store_pair(a.cache.values(block, head) + offset + channel, value);
    }
}
