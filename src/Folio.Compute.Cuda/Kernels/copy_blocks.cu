// Copies whole blocks, all layers and all pairs of a step in one launch (§5.1: block copies of copy-on-write fused into one kernel).
//
// The same kernel moves blocks to pinned host memory and back, which the card reads and writes where it is: one launch for all pairs of a swap.
// A block of threads takes a slice of one pair. Bound: memory bandwidth on the card, the link's to the host.
#include "gpu.cuh"

struct CopyBlocksArguments
{
    const uint8* from;
    uint8* to;
    const int* pairs;   // [count, 2] source, destination
    int64 from_stride, to_stride, bytes; // of a block; multiples of 16
};

KERNEL(copy_blocks, CopyBlocksArguments, 256)
{
    const uint8* from = a.from + a.pairs[blockIdx.y * 2] * a.from_stride;
    uint8* to = a.to + a.pairs[blockIdx.y * 2 + 1] * a.to_stride;
    for (int64 i = (static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x) * 16; i < a.bytes; i += static_cast<int64>(gridDim.x) * blockDim.x * 16)
        store(to + i, load<uint4>(from + i));
}
