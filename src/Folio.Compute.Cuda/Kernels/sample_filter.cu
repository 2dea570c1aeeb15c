// The filters of a draw, without sorting: how small a value may be to be drawn.
//
// Order: weights are integers (row_select.cuh), so a draw's sums depend on its row alone, whatever the grid. The CPU sums in floating point: where a cumulative probability
// lies within 10⁻⁶ of the threshold, an id may stay here that is dropped there, or the reverse.
// Bound: weigh, by memory bandwidth and, of many rows, by exponentials; cut, by the latency of some twenty barriers a selection. It reads the chunks that hold large values, again
// from the second-level cache: of a row in which a few ids hold the probability, hardly anything; of a flat one, all of it for each of its passes.
#include "row_select.cuh"
#include "sampling.cuh"

// Bounds below the largest value, descending: between two of them lies the cut.
DEVICE float bound(float max, int i) { return max - (i == 0 ? 2.5f : i == 1 ? 5.0f : i == 2 ? 8.0f : 12.0f); }

// For top-p alone: the weights from each bound up. blockIdx.y is the draw.
KERNEL(weigh, DrawArguments, 256)
{
    SharedArena arena;
    Shared<uint64> parts = arena.take<uint64>(32);
    const Draw& draw = a.draws[blockIdx.y];
    if (!draw.is_weighed()) return;
    LogitRow row(a.rows, draw.row, draw.temperature);
    float max = begin_draw(row, parts);
    if (max == -INFINITY) return;

    uint64 sums[bounds + 1] = {};
    int warps = blockDim.x / 32;
    row.for_values(fmaxf(draw.lowest_by_min_p(max), max + negligible), blockIdx.x * warps + warp_index(), gridDim.x * warps, [&](float value, int)
    {
        uint64 weight = weight_of(value, max);
        for (int i = 0; i < bounds; i++)
            if (value >= bound(max, i)) sums[i] += weight;
        sums[bounds] += weight;
    });
    for (int i = 0; i <= bounds; i++)
    {
        uint64 sum = warp_sum(sums[i]);
        if (lane_index() == 0 && sum != 0) atomicAdd(&a.states[blockIdx.y].weights[i], sum);
    }
}

// What must be kept of a total, which is not 0, so that no more than 1 − top_p of it is dropped: something in any case.
DEVICE uint64 needed(uint64 total, float top_p)
{
    uint64 limit = static_cast<uint64>(fmax(0.0, static_cast<double>(1 - top_p) * static_cast<double>(total)));
    return total - min(limit, total - 1);
}

// Drops the least likely ids that together have at most 1 − top_p of the probability of those from `floor` up. Raises the floor.
DEVICE int cut_by_weight(const RadixSelect& select, const LogitRow& row, const Draw& draw, const DrawState& state, float max, float& floor)
{
    float low = fmaxf(floor, max + negligible);
    uint32 low_key = key_of(low), high_key = key_of(max);
    uint64 need, above = 0;
    if (draw.is_weighed())
    {
        need = needed(state.weights[bounds], draw.top_p);
        int i = 0;
        while (i < bounds && state.weights[i] < need) i++;
        if (i < bounds) low_key = key_of(fmaxf(low, bound(max, i)));
        if (i > 0) high_key = key_of(bound(max, i - 1)) - 1;
        if (i > 0) above = state.weights[i - 1];
    }
    else
    {
        uint64 total = 0;
        row.for_values_by_block(low, [&](float value, int) { total += weight_of(value, max); });
        need = needed(block_sum(total, select.parts), draw.top_p);
    }

    Cut cut = weight_from_top(select, row, max, need, above, low_key, high_key);
    floor = value_of(cut.key);
    uint64 each = weight_of(floor, max), stay = (need - cut.above + each - 1) / each;
    return stay * each < cut.equal ? id_among_equals(select, row, stay, floor) : no_tie; // of equals the lowest ids stay
}

// A block a draw: top-k, then top-p among what is left.
KERNEL(cut, DrawArguments, 1024)
{
    SharedArena arena;
    RadixSelect select(arena);
    const Draw& draw = a.draws[blockIdx.x];
    DrawState& state = a.states[blockIdx.x];
    if (!draw.is_cut()) return;
    LogitRow row(a.rows, draw.row, draw.temperature);
    float max = begin_draw(row, select.parts), floor = draw.lowest_by_min_p(max);
    int last_tie = no_tie;
    if (max > -INFINITY)
    {
        if (draw.top_k > 0)
        {
            Cut cut = count_from_top(select, row, draw.top_k, fmaxf(floor, lowest));
            if (cut.equal != 0) floor = value_of(cut.key);
        }

        if (draw.top_p < 1) last_tie = cut_by_weight(select, row, draw, state, max, floor);
    }

    __syncthreads(); // all have read the weights
    if (threadIdx.x <= bounds) state.weights[threadIdx.x] = 0;
    if (threadIdx.x == 0)
    {
        state.floor = floor;
        state.last_tie = last_tie;
    }
}
