// The draw itself: the id with the largest e^(value − max) / noise(seed, position, id) of those that the filters leave; or, greedy, the largest logit's.
//
// blockIdx.y is the draw; its blocks share the chunks, and the last one tells. The winner is a maximum, the same however many blocks there are.
// Order: speeds have the CPU's bits. Bound: of many rows, memory bandwidth and the making of random bits (about 15 instructions an id); of few, the launch. Chunks in which
// nothing can win aren't read: of most rows that is all but a few. Greedy rows read their chunks' maxima and one chunk.
#include "counter_random.cuh"
#include "sampling.cuh"

constexpr float slowest = 0.0436f;      // the largest value's noise is below 22.9: who isn't faster than this doesn't win
constexpr float hopeless = -26.1f;      // ln(slowest · 2⁻³³): so far below the largest not even the least noise helps

// The lowest id with the largest logit; all threads of a block together.
DEVICE int largest_id(const LogitRow& row, Shared<uint64> parts)
{
    uint64 best = 0;
    for (int i = threadIdx.x; i < row.chunks; i += blockDim.x)
        best = max(best, static_cast<uint64>(key_of(row.value(row.maxima[i]))) << 32 | ~static_cast<uint32>(i));
    best = block_max(best, parts);
    float max = value_of(static_cast<uint32>(best >> 32)), z[4];
    if (max == -INFINITY) return -1;
    int own = static_cast<int>(~static_cast<uint32>(best)) * chunk_ids + lane_index();
    row.load(z, own, 32);
    uint64 least = 0;
    for (int i = 0; i < 4; i++)
        if (z[i] == max) least = ::max(least, static_cast<uint64>(~static_cast<uint32>(own + i * 32)));
    return static_cast<int>(~static_cast<uint32>(warp_max(least)));
}

// Whether e^x / noise may exceed `champion`, with the exponential never too small and the noise, which is at least its bits as a fraction, never too large.
// The exponential's bits are a line: between powers of two 1 + f ≥ 2ᶠ, by 6 % at most. The margin is for the rounding of all this and of the speeds.
DEVICE bool may_beat(float champion, float x, uint32 bits)
{
    constexpr float slope = 12102203.2f, one = 127 << 23, margin = 512; // 2²³ / ln 2
    float most = __int_as_float(static_cast<int>(fmaf(fmaxf(x, -86), slope, one + margin)));
    return most > static_cast<float>(bits >> 8) * (1.0f / (1 << 24)) * champion;
}

struct Racer
{
    const Draw& draw;
    float max;
    uint64 best = 0;            // of this lane: speed and complement of the id
    float champion = slowest;   // of this warp

    // A lane has the ids first, first + 8, first + 16 and first + 24, −∞ where they don't run; all lanes together.
    DEVICE void run(const float (&z)[4], int first)
    {
        if (!__any_sync(all_lanes, fmaxf(fmaxf(z[0], z[1]), fmaxf(z[2], z[3])) >= max + hopeless)) return;
        uint32 bits[4];
        random_words(bits, draw.seed, draw.position, first);
        bool able = false;
        for (int i = 0; i < 4; i++) able |= may_beat(champion, z[i] - max, bits[i]);
        if (!__any_sync(all_lanes, able)) return;

        float fastest = 0;
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            if (z[i] == -INFINITY) continue;
            float speed = portable_exp(z[i] - max) / exponential(bits[i]);
            fastest = fmaxf(fastest, speed);
            best = ::max(best, static_cast<uint64>(__float_as_uint(speed)) << 32 | ~static_cast<uint32>(first + i * 8));
        }

        champion = fmaxf(champion, warp_max(fastest));
    }
};

KERNEL(race, DrawArguments, 256)
{
    SharedArena arena;
    Shared<uint64> parts = arena.take<uint64>(32);
    const Draw& draw = a.draws[blockIdx.y];
    if (draw.is_greedy())
    {
        if (blockIdx.x > 0) return;
        int id = largest_id(LogitRow(a.rows, draw.row, 1), parts);
        if (threadIdx.x == 0) a.results[blockIdx.y] = id;
        return;
    }

    LogitRow row(a.rows, draw.row, draw.temperature);
    float max = begin_draw(row, parts);
    DrawState& state = a.states[blockIdx.y];
    float floor = draw.is_cut() ? state.floor : draw.lowest_by_min_p(max);
    int last_tie = draw.is_cut() ? state.last_tie : no_tie, warps = blockDim.x / 32;
    Racer racer = {draw, max};
    row.for_chunks(draw.keep != 0 ? -INFINITY : fmaxf(floor, max + hopeless), blockIdx.x * warps + warp_index(), gridDim.x * warps, [&](int chunk)
    {
        float z[4];
        int first = chunk * chunk_ids + lane_index() / 8 * 32 + lane_index() % 8; // a lane's four ids share a counter of random numbers
        row.load(z, first, 8);
        for (int i = 0; i < 4; i++)
        {
            int id = first + i * 8;
            if (z[i] < floor || (z[i] == floor && id > last_tie)) z[i] = -INFINITY;
            if (draw.keep != 0 && id < row.vocabulary) row.logits[id] = z[i];
        }

        racer.run(z, first);
    });

    uint64 best = block_max(racer.best, parts);
    if (threadIdx.x != 0) return;
    atomicMax(&state.best, best);
    __threadfence();
    if (atomicInc(&state.blocks, gridDim.x - 1) < gridDim.x - 1) return; // the last one sets the count back to 0
    __threadfence();
    best = atomicExch(&state.best, static_cast<uint64>(0));
    a.results[blockIdx.y] = best == 0 ? -1 : static_cast<int>(~static_cast<uint32>(best));
}
