// What a request asks to be done to its logits before a draw: bias, penalties and excluded ids, from a list of the ids that it names or has used; and masks of allowed ids.
//
// Definitions are those of Folio.Compute's LogitRow, with its bits.
// Bound: the launch; of many masks, writing the row.
#include "gpu.cuh"

constexpr float most_penalized = 1e30f; // a penalty near 0 or far above 1 makes a logit very large, but not infinite

struct Penalty
{
    int id;             // once in a list
    uint32 uses;        // times in the output; flags above
    float bias;
};

constexpr uint32 excluded = 1u << 31;   // it can't be drawn
constexpr uint32 repeated = 1u << 30;   // it is in the prompt or the output
constexpr uint32 count_mask = repeated - 1;

struct PenalizedRow
{
    int row, first, count;  // its list: penalties [first, first + count)
    float repetition, frequency, presence;
};

struct PenalizeArguments
{
    float* logits;
    const PenalizedRow* rows;   // [gridDim.y]
    const Penalty* penalties;
    int64 stride;
};

// What is excluded stays so.
DEVICE float repeat(float logit, float repetition)
{
    if (logit == -INFINITY) return logit;
    float changed = logit > 0 ? logit / repetition : logit * repetition;
    return changed > most_penalized ? most_penalized : changed < -most_penalized ? -most_penalized : changed;
}

KERNEL(penalize, PenalizeArguments, 256)
{
    PenalizedRow row = a.rows[blockIdx.y];
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < row.count; i += gridDim.x * blockDim.x)
    {
        Penalty penalty = a.penalties[row.first + i];
        float* logit = a.logits + row.row * a.stride + penalty.id;
        float changed = (penalty.uses & excluded) != 0 ? -INFINITY : *logit + penalty.bias;
        if ((penalty.uses & repeated) != 0) changed = repeat(changed, row.repetition);
        uint32 uses = penalty.uses & count_mask;
        if (uses > 0) changed = changed - __fmul_rn(row.frequency, static_cast<float>(uses)) - row.presence; // rounded before it is subtracted, as on the host
        *logit = changed;
    }
}

struct MaskedRow { int row, mask; };

struct ApplyMaskArguments
{
    float* logits;
    const MaskedRow* rows;  // [gridDim.y]
    const uint32* masks;    // [masks, mask_words] bit id % 32 of word id / 32 is set: the id is allowed
    int64 stride;
    int vocabulary, mask_words;
};

KERNEL(apply_mask, ApplyMaskArguments, 256)
{
    MaskedRow row = a.rows[blockIdx.y];
    const uint32* mask = a.masks + static_cast<int64>(row.mask) * a.mask_words;
    for (int id = blockIdx.x * blockDim.x + threadIdx.x; id < a.vocabulary; id += gridDim.x * blockDim.x)
        if ((mask[id / 32] >> id % 32 & 1) == 0) a.logits[row.row * a.stride + id] = -INFINITY;
}
