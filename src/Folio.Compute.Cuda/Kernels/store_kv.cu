// Writes each row's keys and values to its slot of the pages (the paper's fused reshape and block write, §5.1), and turns queries and keys by their angles on the way.
//
// q [tokens, heads · HEAD_DIM], k and v [tokens, kvHeads · HEAD_DIM] fp32, rows `stride` values apart. Queries are turned in place; keys only in the cache. A block takes
// one token, a warp the keys or the values of one head at a time, a lane two channels. Bound: reading q, k and v, at the card's memory bandwidth.
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
    bool turns;
    float cosine, sine;

    // The pairs of a head: `half` that turn, then neighbours of the rest.
    DEVICE Pair(int index, int half, bool interleaved, const float* cosines, const float* sines)
    {
        turns = index < half;
        first = turns && !interleaved ? index : 2 * index;
        second = turns && !interleaved ? index + half : 2 * index + 1;
        cosine = turns ? cosines[index] : 0;
        sine = turns ? sines[index] : 0;
    }

    DEVICE float2 of(const float* head) const
    {
        float x = head[first], y = head[second];
        return turns ? float2{x * cosine - y * sine, y * cosine + x * sine} : float2{x, y};
    }
};

KERNEL(store_kv, StoreKvArguments, 256)
{
    int token = blockIdx.x, slot = a.slots[token];
    if (slot < 0) return;
    int64 row = static_cast<int64>(token) * a.stride, angle_row = static_cast<int64>(a.angle_rows != nullptr ? a.angle_rows[token] : token) * a.angle_stride;
    const float* cosines = a.cosines + angle_row;
    const float* sines = a.sines + angle_row;
    int block = slot / BLOCK_SIZE, offset = slot % BLOCK_SIZE, lane = lane_index();
    for (int unit = warp_index(); unit < a.cache.kv_heads * 2; unit += blockDim.x / 32)
    {
        bool values = unit >= a.cache.kv_heads;
        int head = unit % a.cache.kv_heads, half = values ? 0 : a.half;
        const float* from = (values ? a.v : a.k) + row + head * HEAD_DIM;
        uint8* part = a.cache.part(block, head, values);
        KV* to = reinterpret_cast<KV*>(part + offset * row_bytes);
        float factor = 1;
        if constexpr (has_scales)
        {
            float largest = 0;
            for (int index = lane; index < HEAD_DIM / 2; index += 32)
            {
                float2 x = Pair(index, half, a.interleaved != 0, cosines, sines).of(from);
                largest = fmaxf(largest, fmaxf(fabsf(x.x), fabsf(x.y)));
            }

            largest = warp_max(largest);
            factor = largest > 0 ? largest_int8 / largest : 0;
            if (lane == 0) KvLayer::scales(part)[offset] = largest / largest_int8;
        }

        for (int index = lane; index < head_dim / 2; index += 32)
        {
            Pair pair(index, index < HEAD_DIM / 2 ? half : 0, a.interleaved != 0, cosines, sines);
            float2 x = index < HEAD_DIM / 2 ? pair.of(from) : float2{0, 0}; // zeros fill a row up
            x = {x.x * factor, x.y * factor};
            if (pair.second == pair.first + 1)
            {
                store_pair(to + pair.first, x);
                continue;
            }

            to[pair.first] = from_float<KV>(x.x);
            to[pair.second] = from_float<KV>(x.y);
        }
    }

    for (int i = threadIdx.x; i < a.heads * a.half; i += blockDim.x)
    {
        float* head = a.q + row + i / a.half * HEAD_DIM;
        Pair pair(i % a.half, a.half, a.interleaved != 0, cosines, sines);
        float2 turned = pair.of(head);
        head[pair.first] = turned.x;
        head[pair.second] = turned.y;
    }
}
