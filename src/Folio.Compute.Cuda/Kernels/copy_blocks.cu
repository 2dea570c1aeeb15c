// Copies whole blocks, all layers and all pairs of a step in one launch (§5.1: block copies of copy-on-write fused into one kernel).
//
// The same kernel moves blocks to pinned host memory and back, which the card reads and writes where it is: one launch for all pairs of a swap and layer.
// blockIdx.y takes pairs, gridDim.y apart, and blockIdx.x slices of each. Bound: memory bandwidth on the card, the link's to the host.
#include "gpu.cuh"

struct CopyBlocksArguments
{
    const uint8* from;
    uint8* to;
    const int* pairs;   // [count, 2] source, destination
    int64 from_stride, to_stride, bytes; // of a block; multiples of 16
    int count;
};

constexpr int at_once = 4; // pieces that a thread reads before it writes them

KERNEL(copy_blocks, CopyBlocksArguments, 256)
{
    int64 step = static_cast<int64>(gridDim.x) * blockDim.x * 16;
    for (int pair = blockIdx.y; pair < a.count; pair += gridDim.y)
    {
        const uint8* from = a.from + a.pairs[pair * 2] * a.from_stride;
        uint8* to = a.to + a.pairs[pair * 2 + 1] * a.to_stride;
        for (int64 first = (static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x) * 16; first < a.bytes; first += at_once * step)
        {
            uint4 pieces[at_once];
#pragma unroll
            for (int i = 0; i < at_once; i++)
                if (first + i * step < a.bytes) pieces[i] = load<uint4>(from + first + i * step);
#pragma unroll
            for (int i = 0; i < at_once; i++)
                if (first + i * step < a.bytes) store(to + first + i * step, pieces[i]);
        }
    }
}
