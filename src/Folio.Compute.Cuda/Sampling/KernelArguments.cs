using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>Logits as kernels see them, and arguments of chunk_maxima.cu: <c>LogitRows</c> of logit_rows.cuh.</summary>
/// <param name="Logits">[rows, vocabulary] fp32</param>
/// <param name="Maxima">[rows, <see cref="SamplePlan.Chunks"/>] fp32</param>
/// <param name="Stride">Logits from row to row.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct LogitRows(nint Logits, nint Maxima, int Vocabulary, int Stride);

/// <summary>Arguments of weigh and cut in sample_filter.cu and of race in sample_race.cu: <c>DrawArguments</c> of sampling.cuh.</summary>
/// <param name="Draws">[draws] <see cref="Draw"/></param>
/// <param name="States">[draws] of <see cref="SamplePlan.StateBytes"/>, zeroed once.</param>
/// <param name="Results">[draws] ids; −1 where a row has nothing to draw.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct DrawArguments(LogitRows Rows, nint Draws, nint States, nint Results);

/// <summary>Arguments of penalize in penalize.cu.</summary>
/// <param name="Rows">[gridDim.y] <see cref="PenalizedRow"/></param>
/// <param name="Penalties"><see cref="LogitChange"/>, the rows' lists.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct PenalizeArguments(nint Logits, nint Rows, nint Penalties, long Stride);

/// <summary>A row to be penalized: its list is penalties [First, First + Count).</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct PenalizedRow(int Row, int First, int Count, float Repetition, float Frequency, float Presence);

/// <summary>Arguments of apply_mask in penalize.cu.</summary>
/// <param name="Rows">[gridDim.y] <see cref="MaskedRow"/></param>
/// <param name="Masks">[masks, MaskWords] 32-bit words: bit id % 32 of word id / 32 is set where the id is allowed.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct ApplyMaskArguments(nint Logits, nint Rows, nint Masks, long Stride, int Vocabulary, int MaskWords);

[StructLayout(LayoutKind.Sequential)]
internal record struct MaskedRow(int Row, int Mask);

/// <summary>Arguments of log_sum_exp in logprobs.cu.</summary>
/// <param name="Told">[gridDim.x] rows</param>
/// <param name="Norms">[rows]</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct LogSumExpArguments(LogitRows Rows, nint Told, nint Norms);

/// <summary>Arguments of rank_ids in logprobs.cu.</summary>
/// <param name="Named">[gridDim.x] <see cref="NamedId"/></param>
/// <param name="Logprobs">[gridDim.x]</param>
/// <param name="Ranks">[gridDim.x]</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct RankArguments(LogitRows Rows, nint Named, nint Norms, nint Logprobs, nint Ranks);

[StructLayout(LayoutKind.Sequential)]
internal record struct NamedId(int Row, int Id);

/// <summary>Arguments of likeliest in logprobs.cu.</summary>
/// <param name="Ids">[gridDim.x, Count]; −1 behind the last one.</param>
/// <param name="Logprobs">[gridDim.x, Count]</param>
/// <param name="Count">1 to <see cref="SamplePlan.MostLikeliest"/>.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct LikeliestArguments(LogitRows Rows, nint Told, nint Norms, nint Ids, nint Logprobs, int Count);
