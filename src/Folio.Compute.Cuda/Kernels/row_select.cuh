// Selections among the values of one row of logits.
#pragma once
#include "logit_rows.cuh"
#include "portable_math.cuh"
#include "radix_select.cuh"

// e^(value − max) in units of 2⁻⁴⁴: sums over up to 2²⁰ ids fit, and are the same in any order.
DEVICE uint64 weight_of(float value, float max) { return static_cast<uint64>(portable_exp(value - max) * 17592186044416.0f); }

// The count-th largest value that is at least `low` (which isn't −∞), with the numbers of those above and of equals.
DEVICE Cut count_from_top(const RadixSelect& select, const LogitRow& row, int count, float low)
{
    uint32 low_key = key_of(low), high_key = key_of(INFINITY);
    // The count-th largest of the chunks' maxima is at most what is sought.
    if (count <= row.chunks)
    {
        Cut bound = select.reach(count, 0, low_key, high_key, [&](const RadixSelect::Level& level)
        {
            for (int i = threadIdx.x; i < row.chunks; i += blockDim.x) level.add(key_of(row.value(row.maxima[i])), 1);
        });
        if (bound.equal != 0) low_key = bound.key;
    }

    return select.reach(count, 0, low_key, high_key, [&](const RadixSelect::Level& level)
    {
        row.for_values_by_block(value_of(level.low), [&](float value, int) { level.add(key_of(value), 1); });
    });
}

// The value between `low` and `high` where the weight of values from the largest down reaches `need`; `above` is that of the values above `high`.
DEVICE Cut weight_from_top(const RadixSelect& select, const LogitRow& row, float max, uint64 need, uint64 above, uint32 low, uint32 high)
{
    return select.reach(need, above, low, high, [&](const RadixSelect::Level& level)
    {
        row.for_values_by_block(value_of(level.low), [&](float value, int) { level.add(key_of(value), weight_of(value, max)); });
    });
}

// The count-th lowest id of those with this value.
DEVICE int id_among_equals(const RadixSelect& select, const LogitRow& row, uint64 count, float equal)
{
    Cut cut = select.reach(count, 0, 0, ~0u, [&](const RadixSelect::Level& level)
    {
        row.for_values_by_block(equal, [&](float value, int id)
        {
            if (value == equal) level.add(~static_cast<uint32>(id), 1);
        });
    });
    return static_cast<int>(~cut.key);
}
