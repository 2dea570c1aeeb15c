// Over the threads of a block, the same in each. Maxima and sums of integers don't depend on the order they are made in; those of fp32 go from warp to warp. Each begins
// with a barrier, so calls with the same `parts` ([32], a warp's each) may follow each other.
#pragma once
#include "gpu.cuh"

DEVICE uint64 warp_max(uint64 x)
{
    for (int distance = 16; distance > 0; distance /= 2) x = max(x, __shfl_xor_sync(all_lanes, x, distance));
    return x;
}

template <class T> DEVICE void share(T x, Shared<T> parts)
{
    __syncthreads();
    if (lane_index() == 0) parts[warp_index()] = x;
    __syncthreads();
}

template <class T> DEVICE T block_sum(T x, Shared<T> parts)
{
    share(warp_sum(x), parts);
    T sum = 0;
    for (int i = 0; i < static_cast<int>(blockDim.x / 32); i++) sum += parts[i];
    return sum;
}

DEVICE uint64 block_max(uint64 x, Shared<uint64> parts)
{
    share(warp_max(x), parts);
    uint64 largest = 0;
    for (int i = 0; i < static_cast<int>(blockDim.x / 32); i++) largest = max(largest, static_cast<uint64>(parts[i]));
    return largest;
}

DEVICE float block_max(float x, Shared<float> parts)
{
    share(warp_max(x), parts);
    float largest = parts[0];
    for (int i = 1; i < static_cast<int>(blockDim.x / 32); i++) largest = fmaxf(largest, parts[i]);
    return largest;
}

// The sum over the threads before this one.
DEVICE uint64 block_sum_before(uint64 x, Shared<uint64> parts)
{
    uint64 sum = x;
    for (int distance = 1; distance < 32; distance *= 2)
    {
        uint64 other = __shfl_up_sync(all_lanes, sum, distance);
        if (lane_index() >= distance) sum += other;
    }

    share(__shfl_sync(all_lanes, sum, 31), parts);
    sum -= x;
    for (int i = 0; i < warp_index(); i++) sum += parts[i];
    return sum;
}
