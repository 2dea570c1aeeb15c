// The largest logit of each chunk of 128 ids, NaN aside: [rows, vocabulary] → [rows, chunks]. A warp takes a chunk at a time; blockIdx.y is the row.
// Bound: memory bandwidth, one pass over the logits; at few rows, the launch.
#include "logit_rows.cuh"

KERNEL(chunk_maxima, LogitRows, 256)
{
    const float* row = a.logits + static_cast<int64>(blockIdx.y) * a.stride;
    int chunks = chunks_of(a.vocabulary), warps = blockDim.x / 32;
    for (int chunk = blockIdx.x * warps + warp_index(); chunk < chunks; chunk += gridDim.x * warps)
    {
        float max = -INFINITY;
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            int id = chunk * chunk_ids + i * 32 + lane_index();
            if (id < a.vocabulary) max = fmaxf(max, row[id]);
        }

        max = warp_max(max);
        if (lane_index() == 0) a.maxima[static_cast<int64>(blockIdx.y) * chunks + chunk] = max;
    }
}
