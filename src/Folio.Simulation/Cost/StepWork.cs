using Folio.Engine;

namespace Folio.Simulation;

/// <summary>What one step asks of a device.</summary>
/// <param name="Tokens">Token rows.</param>
/// <param name="Sequences">Sequences that have rows.</param>
/// <param name="ContextTokens">Keys that are read: the context of each sequence, once.</param>
/// <param name="AttentionPairs">Pairs of a query and a key that it sees.</param>
/// <param name="Samples">Tokens drawn.</param>
/// <param name="CopiedTokens">Slots whose keys and values are copied on the device.</param>
/// <param name="SwappedBlocks">Blocks that go to the host or come back.</param>
public readonly record struct StepWork(int Tokens, int Sequences, long ContextTokens, long AttentionPairs, int Samples, long CopiedTokens = 0, long SwappedBlocks = 0)
{
    /// <param name="copiedTokens">Copies that were made before the step, beside the plan's own.</param>
    internal static StepWork Of(StepPlan plan, int blockSize, long copiedTokens)
    {
        int tokens = 0;
        long context = 0, pairs = 0;
        foreach (ref readonly ScheduledTokens scheduled in plan.Scheduled)
        {
            long start = scheduled.Start, count = scheduled.Count;
            tokens += scheduled.Count;
            context += start + count;
            pairs += count * start + count * (count + 1) / 2;
        }

        int swapped = plan.SwapOuts(SwapTier.Host).Count + plan.SwapIns(SwapTier.Host).Count;
        return new(tokens, plan.Scheduled.Length, context, pairs, plan.Samples.Length, copiedTokens + (long)plan.Copies.Count * blockSize, swapped);
    }
}
