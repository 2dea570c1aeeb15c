// Writes each row's keys and values to its slot of the pages (the paper's fused reshape and block write, §5.1), and turns queries and keys by their angles on the way.
//
// q [tokens, heads · HEAD_DIM], k and v [tokens, kvHeads · HEAD_DIM] fp32, rows `stride` values apart. Queries are turned in place; keys only in the cache. A block takes
// one token, a thread two channels at a time. Bound: reading q, k and v, at the card's memory bandwidth.
//
// Left open: KV, BLOCK_SIZE, HEAD_DIM.
#include "kv_cache.cuh"

struct StoreKvArguments
{
    float* q;               // null: there are none to be turned
    const float* k;
    const float* v;
    KvLayer cache;
    const int* slots;       // [tokens] block · BLOCK_SIZE + offset; negative: a row that is none
    const float* cosines;   // [any, half], rows angle_stride apart
    const float* sines;
    const int* angle_rows;  // [tokens] null: each its own
    int stride, heads, half, angle_stride, interleaved; // the first 2 · half channels turn; 0: none
};

struct Pair
{
    int first, second;      // channels of a head
    float cosine, sine;

    // The pairs of a head: those that turn, then neighbours of the rest.
    DEVICE Pair(int index, const StoreKvArguments& a, const float* cosines, const float* sines)
    {
        bool turns = index < a.half;
        first = turns && a.interleaved == 0 ? index : 2 * index;
        second = turns && a.interleaved == 0 ? index + a.half : 2 * index + 1;
        cosine = turns ? cosines[index] : 1;
        sine = turns ? sines[index] : 0;
    }

    DEVICE float2 of(const float* head) const
    {
        float x = head[first], y = head[second];
        return {x * cosine - y * sine, y * cosine + x * sine};
    }
};

KERNEL(store_kv, StoreKvArguments, 256)
{
    int token = blockIdx.x, slot = a.slots[token];
    if (slot < 0) return;
    int64 row = static_cast<int64>(token) * a.stride, angle_row = static_cast<int64>(a.angle_rows != nullptr ? a.angle_rows[token] : token) * a.angle_stride;
    const float* cosines = a.cosines + angle_row;
    const float* sines = a.sines + angle_row;
    int block = slot / BLOCK_SIZE, offset = slot % BLOCK_SIZE * head_dim;
    for (int i = threadIdx.x; i < a.cache.kv_heads * head_dim / 2; i += blockDim.x)
    {
        int head = i / (head_dim / 2), index = i % (head_dim / 2);
        KV* keys = a.cache.keys(block, head) + offset;
        KV* values = a.cache.values(block, head) + offset;
        if (index >= HEAD_DIM / 2) // what only fills a row up
        {
            store_pair(keys + index * 2, float2{0, 0});
            store_pair(values + index * 2, float2{0, 0});
            continue;
        }

        Pair pair(index, a, cosines, sines);
        float2 key = pair.of(a.k + row + head * HEAD_DIM);
        keys[pair.first] = from_float<KV>(key.x);
        keys[pair.second] = from_float<KV>(key.y);
        store_pair(values + index * 2, load<float2>(a.v + row + head * HEAD_DIM + index * 2));
    }

    for (int i = threadIdx.x; i < a.heads * a.half; i += blockDim.x)
    {
        float* head = a.q + row + i / a.half * HEAD_DIM;
        Pair pair(i % a.half, a, cosines, sines);
        float2 turned = pair.of(head);
        head[pair.first] = turned.x;
        head[pair.second] = turned.y;
    }
}
