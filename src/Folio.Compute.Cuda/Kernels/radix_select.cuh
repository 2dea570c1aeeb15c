// Where a sum of weights is reached, of keys from the largest down, without sorting them: a radix search by 11, 11 and 10 bits, by a whole block, whose threads are a power of two.
//
// Weights are integers: sums are exact, so the atomics that make them may come in any order.
// Bound: three passes over the keys that count, and atomics where many of them share a bucket.
#pragma once
#include "reductions.cuh"

struct Cut
{
    uint32 key;
    uint64 above;   // weight of the keys above it, less than what was needed
    uint64 equal;   // weight of the keys equal to it; 0: what was needed isn't reached
};

struct RadixSelect
{
    static constexpr int buckets = 2048;

    // A level of a search: keys in [low, high] count, by some of their bits.
    struct Level
    {
        const RadixSelect& select;
        uint32 low, high;
        int shift;

        DEVICE void add(uint32 key, uint64 weight) const
        {
            if (key >= low && key <= high) select.add(key >> shift & (buckets - 1), weight);
        }
    };

    Shared<uint32> low_words, high_words;   // [buckets] a weight in two words: shared memory adds 32 bits at once
    Shared<uint64> found;                   // [3] bucket, above, equal
    Shared<uint64> parts;                   // [32] room for sums

    DEVICE explicit RadixSelect(SharedArena& arena)
    {
        low_words = arena.take<uint32>(buckets);
        high_words = arena.take<uint32>(buckets);
        found = arena.take<uint64>(3);
        parts = arena.take<uint64>(32);
    }

    // keys(level) adds each key in [low, high], or more, to the level; `above` is the weight of those above.
    template <class Keys> DEVICE Cut reach(uint64 need, uint64 above, uint32 low, uint32 high, const Keys& keys) const
    {
        Cut cut = {0, above, 0};
#pragma unroll 1
        for (int shift = 21; shift >= 0; shift -= shift == 21 ? 11 : 10)
        {
            clear();
            keys(Level{*this, low, high, shift});
            uint32 bucket = descend(cut, need);
            if (cut.equal == 0) return cut;
            cut.key = (low & ~((static_cast<uint32>(buckets) << shift) - 1)) | bucket << shift;
            low = max(low, cut.key);
            high = min(high, cut.key | ((1u << shift) - 1));
        }

        return cut;
    }

private:
    DEVICE uint64 weight(int bucket) const { return static_cast<uint64>(high_words[bucket]) << 32 | low_words[bucket]; }

    DEVICE void add(uint32 bucket, uint64 weight) const
    {
        uint32 low = static_cast<uint32>(weight), old = atomicAdd(low_words + bucket, low);
        uint32 high = static_cast<uint32>(weight >> 32) + (old + low < old ? 1 : 0);
        if (high != 0) atomicAdd(high_words + bucket, high);
    }

    DEVICE void clear() const
    {
        __syncthreads();
        for (int i = threadIdx.x; i < buckets; i += blockDim.x)
        {
            low_words[i] = 0;
            high_words[i] = 0;
        }

        if (threadIdx.x == 0) found[2] = 0;
        __syncthreads();
    }

    // The bucket in which the need is met, from the last down: each thread has a run of buckets, the first thread the last ones.
    DEVICE uint32 descend(Cut& cut, uint64 need) const
    {
        __syncthreads();
        int run = buckets / blockDim.x, last = buckets - 1 - run * threadIdx.x;
        uint64 own = 0;
        for (int i = 0; i < run; i++) own += weight(last - i);
        uint64 above = cut.above + block_sum_before(own, parts);
        if (above < need && above + own >= need)
        {
            int bucket = last;
            for (; above + weight(bucket) < need; bucket--) above += weight(bucket);
            found[0] = static_cast<uint64>(bucket);
            found[1] = above;
            found[2] = weight(bucket);
        }

        __syncthreads();
        cut.equal = found[2];
        if (cut.equal == 0) return 0;
        cut.above = found[1];
        return static_cast<uint32>(found[0]);
    }
};
