// What is told of a row of logits: its log-softmax's norm, named ids with their ranks, and the likeliest ids. Definitions are those of Folio.Compute's LogProbabilities.
//
// A block takes a row, or an id. chunk_maxima.cu precedes. Sums are integers (row_select.cuh): a norm depends on its row alone.
// Bound: log_sum_exp, by exponentials on one multiprocessor a row; the others, by latency: chunks without large values aren't read.
#include "row_select.cuh"
#include "sampling.cuh"

constexpr int threads = 1024;

struct LogSumExpArguments
{
    LogitRows rows;
    const int* told;    // [gridDim.x] rows
    float* norms;       // [rows]
};

// ln Σ exp(row)
KERNEL(log_sum_exp, LogSumExpArguments, threads)
{
    SharedArena arena;
    Shared<uint64> parts = arena.take<uint64>(32);
    LogitRow row(a.rows, a.told[blockIdx.x], 1);
    float max = row.largest(parts);
    uint64 total = 0;
    if (fabsf(max) < INFINITY) row.for_values_by_block(max + negligible, [&](float value, int) { total += weight_of(value, max); });
    total = block_sum(total, parts);
    if (threadIdx.x == 0) a.norms[a.told[blockIdx.x]] = total == 0 ? max : static_cast<float>(max + log(static_cast<double>(total) / 17592186044416.0));
}

struct NamedId
{
    int row;
    int id;
};

struct RankArguments
{
    LogitRows rows;
    const NamedId* named;   // [gridDim.x]
    const float* norms;     // [rows]
    float* logprobs;        // [gridDim.x]
    int* ranks;             // [gridDim.x] 1 + the number of ids with a larger logit
};

KERNEL(rank_ids, RankArguments, threads)
{
    SharedArena arena;
    Shared<uint64> parts = arena.take<uint64>(32);
    NamedId named = a.named[blockIdx.x];
    LogitRow row(a.rows, named.row, 1);
    float logit = row.logits[named.id], own = row.value(logit);
    uint64 larger = 0;
    row.for_values_by_block(own, [&](float value, int) { larger += value > own ? 1 : 0; });
    larger = block_sum(larger, parts);
    if (threadIdx.x != 0) return;
    a.logprobs[blockIdx.x] = logit - a.norms[named.row];
    a.ranks[blockIdx.x] = static_cast<int>(larger) + 1;
}

struct LikeliestArguments
{
    LogitRows rows;
    const int* told;    // [gridDim.x] rows
    const float* norms; // [rows]
    int* ids;           // [gridDim.x, count] best first, the lower id first among equals; −1 behind the last one that isn't −∞
    float* logprobs;    // [gridDim.x, count]
    int count;          // 1 to 32
};

KERNEL(likeliest, LikeliestArguments, 512)
{
    SharedArena arena;
    RadixSelect select(arena);
    Shared<uint64> best = arena.take<uint64>(32);   // key and complement of the id: larger is better
    Shared<uint32> kept = arena.take<uint32>(1);
    if (threadIdx.x < 32) best[threadIdx.x] = 0;
    if (threadIdx.x == 0) kept[0] = 0;
    LogitRow row(a.rows, a.told[blockIdx.x], 1);
    Cut cut = count_from_top(select, row, a.count, lowest);
    float floor = cut.equal == 0 ? lowest : value_of(cut.key);
    uint64 stay = a.count - cut.above;
    int last_tie = cut.equal > stay ? id_among_equals(select, row, stay, floor) : no_tie;
    __syncthreads();
    row.for_values_by_block(floor, [&](float value, int id)
    {
        if (value == floor && id > last_tie) return;
        best[atomicAdd(kept + 0, 1u)] = static_cast<uint64>(key_of(value)) << 32 | ~static_cast<uint32>(id);
    });

    __syncthreads();
    if (threadIdx.x >= 32) return;
    uint64 own = best[threadIdx.x];
    int place = 0;
    for (int i = 0; i < 32; i++) place += best[i] > own ? 1 : 0;
    if (own == 0) place = threadIdx.x;      // they stand behind the others in any case
    if (place >= a.count) return;
    int id = own == 0 ? -1 : static_cast<int>(~static_cast<uint32>(own));
    a.ids[blockIdx.x * a.count + place] = id;
    a.logprobs[blockIdx.x * a.count + place] = id < 0 ? -INFINITY : row.logits[id] - a.norms[a.told[blockIdx.x]];
}
