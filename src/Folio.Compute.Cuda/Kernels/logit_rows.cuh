// Rows of logits, fp32, in chunks of 128 ids. The largest of each chunk is known (chunk_maxima.cu), so a pass that asks for large values reads few chunks.
#pragma once
#include "reductions.cuh"

constexpr int chunk_ids = 128;      // what a warp takes at once, four ids a lane
constexpr float lowest = -3.402823466e+38f;
constexpr float negligible = -31;   // e⁻³¹ < 2⁻⁴⁴: 2¹⁷ of them are nothing beside the largest

struct LogitRows
{
    float* logits;                  // [rows, vocabulary]
    float* maxima;                  // [rows, chunks] NaN aside
    int vocabulary, stride;         // logits from row to row
};

DEVICE int chunks_of(int vocabulary) { return (vocabulary + chunk_ids - 1) / chunk_ids; }

// Unsigned integers in the order of the values.
DEVICE uint32 key_of(float value)
{
    uint32 bits = __float_as_uint(value);
    return bits ^ (static_cast<int>(bits) < 0 ? 0xFFFFFFFFu : 0x80000000u);
}

DEVICE float value_of(uint32 key) { return __uint_as_float((key & 0x80000000u) != 0 ? key ^ 0x80000000u : ~key); }

// One row as it is read: logits / temperature, NaN as −∞.
struct LogitRow
{
    float* logits;
    const float* maxima;
    int vocabulary, chunks;
    float temperature;
    bool only_infinite = false;     // +∞ reads as 0, all else as −∞

    DEVICE LogitRow(const LogitRows& rows, int row, float temperature)
        : logits(rows.logits + static_cast<int64>(row) * rows.stride), vocabulary(rows.vocabulary), chunks(chunks_of(rows.vocabulary)), temperature(temperature)
    {
        maxima = rows.maxima + static_cast<int64>(row) * chunks;
    }

    DEVICE float value(float logit) const
    {
        float z = logit / temperature + 0.0f; // adding zero makes −0 equal 0 in its bits too
        if (only_infinite) return z == INFINITY ? 0 : -INFINITY;
        return z == z ? z : -INFINITY;
    }

    // The largest value; all threads of a block together. Division keeps the order, so that of the largest is the largest quotient.
    DEVICE float largest(Shared<uint64> parts) const
    {
        float max = -INFINITY;
        for (int i = threadIdx.x; i < chunks; i += blockDim.x) max = fmaxf(max, maxima[i]);
        return value(value_of(static_cast<uint32>(block_max(key_of(max), parts))));
    }

    // The values of the ids first, first + step, …
    DEVICE void load(float (&z)[4], int first, int step) const
    {
#pragma unroll
        for (int i = 0; i < 4; i++) z[i] = first + i * step < vocabulary ? value(logits[first + i * step]) : -INFINITY;
    }

    // each(chunk) for the chunks with a value that is at least `low`, all lanes of a warp together: its part, as warp `warp` of `warps`.
    template <class Each> DEVICE void for_chunks(float low, int warp, int warps, const Each& each) const
    {
        for (int first = warp; first < chunks; first += warps * 32)
        {
            int own = first + lane_index() * warps;
            uint32 left = __ballot_sync(all_lanes, own < chunks && value(maxima[own]) >= low);
            for (; left != 0; left &= left - 1) each(first + (__ffs(left) - 1) * warps);
        }
    }

    // each(value, id) for the values that are at least `low`.
    template <class Each> DEVICE void for_values(float low, int warp, int warps, const Each& each) const
    {
        for_chunks(low, warp, warps, [&](int chunk)
        {
            float z[4];
            int own = chunk * chunk_ids + lane_index();
            load(z, own, 32);
#pragma unroll
            for (int i = 0; i < 4; i++)
                if (z[i] >= low) each(z[i], own + i * 32);
        });
    }

    template <class Each> DEVICE void for_values_by_block(float low, const Each& each) const { for_values(low, warp_index(), blockDim.x / 32, each); }
};
