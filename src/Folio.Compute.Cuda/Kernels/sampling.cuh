// What the steps of a draw share: SampleRequest's definition says what is drawn. chunk_maxima.cu precedes; then weigh and cut (sample_filter.cu) for the draws that filter,
// and race (sample_race.cu).
#pragma once
#include "logit_rows.cuh"

constexpr int no_tie = 0x7FFFFFFF;
constexpr int bounds = 4;

struct Draw
{
    int row;
    float temperature;
    int top_k;              // 0: off
    float top_p;            // 1: off
    float log_min_p;        // −∞: off; the host's logarithm, so that the bits are the CPU's
    int keep;               // the row is left as what was drawn from: divided, and −∞ where dropped
    uint64 seed;
    int64 position;

    DEVICE bool is_greedy() const { return temperature < 1e-5f; }
    DEVICE bool is_cut() const { return !is_greedy() && (top_k > 0 || top_p < 1); }
    DEVICE bool is_weighed() const { return !is_greedy() && top_k == 0 && top_p < 1; }
    DEVICE float lowest_by_min_p(float max) const { return fminf(max, max + log_min_p); }
};

// Sums and counters are zero between draws: who uses them last clears them.
struct DrawState
{
    uint64 best;                // of the race: speed and complement of the id
    uint64 weights[bounds + 1]; // of the values from each bound up, and of all
    float floor;                // values below are dropped
    int last_tie;               // values equal to it are dropped from ids above this
    uint32 blocks;              // that have raced
};
static_assert(sizeof(DrawState) == 64, "the C# constant says so");

struct DrawArguments
{
    LogitRows rows;
    const Draw* draws;
    DrawState* states;          // [draws]
    int* results;               // [draws] ids; −1 where a row has nothing to draw
};

// Where a logit is +∞ only such ids are drawn from, as equals. All threads of a block together.
DEVICE float begin_draw(LogitRow& row, Shared<uint64> parts)
{
    float max = row.largest(parts);
    row.only_infinite = max == INFINITY;
    return row.only_infinite ? 0 : max;
}
