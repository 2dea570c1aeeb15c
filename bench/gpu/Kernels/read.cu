// Reads a buffer once and keeps a sum a thread: how fast the card's memory can be read.
#include "gpu.cuh"

constexpr int threads = 256, at_once = 4;

struct ReadArguments
{
    const uint8* from;
    uint32* sums;   // [blocks, threads]
    int64 bytes;    // a multiple of 64
};

KERNEL(read_all, ReadArguments, threads)
{
    int64 thread = static_cast<int64>(blockIdx.x) * threads + threadIdx.x, stride = static_cast<int64>(gridDim.x) * threads * 16;
    uint32 sum = 0;
    for (int64 i = thread * 16; i < a.bytes; i += at_once * stride)
    {
        uint4 values[at_once] = {};
#pragma unroll
        for (int j = 0; j < at_once; j++)
            if (i + j * stride < a.bytes) values[j] = load_streaming(a.from + i + j * stride);
#pragma unroll
        for (int j = 0; j < at_once; j++) sum ^= values[j].x ^ values[j].y ^ values[j].z ^ values[j].w;
    }

    a.sums[thread] = sum;
}
