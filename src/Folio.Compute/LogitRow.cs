using System.Numerics;

namespace Folio.Compute;

/// <summary>What requests ask to be done to a row of logits, [vocabulary], in host memory: the definition for every backend.</summary>
public static class LogitRow
{
    private const float MostPenalized = 1e30f;

    public static void Change(Span<float> logits, ReadOnlySpan<LogitChange> changes, LogitPenalties penalties)
    {
        foreach (ref readonly LogitChange change in changes)
        {
            float logit = (change.Uses & LogitChange.Excluded) != 0 ? float.NegativeInfinity : logits[change.Id] + change.Bias;
            if ((change.Uses & LogitChange.Repeated) != 0) logit = Repeated(logit, penalties.Repetition);
            if (change.OutputCount > 0)
            {
                logit -= penalties.Frequency * change.OutputCount;
                logit -= penalties.Presence;
            }

            logits[change.Id] = logit;
        }
    }

    /// <summary>Leaves only the ids whose bit is set.</summary>
    /// <param name="allowed">[(vocabulary + 63) / 64]</param>
    public static void Mask(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        for (int word = 0; word < allowed.Length; word++)
        {
            int start = word << 6;
            if (allowed[word] == 0)
            {
                logits[start..Math.Min(start + 64, logits.Length)].Fill(float.NegativeInfinity);
                continue;
            }

            for (ulong absent = ~allowed[word]; absent != 0; absent &= absent - 1)
            {
                int id = start + BitOperations.TrailingZeroCount(absent);
                if (id >= logits.Length) return;
                logits[id] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>A penalty near 0 or far above 1 makes a logit very large, but not infinite: no number of probability could be drawn from that. What is excluded stays so.</summary>
    private static float Repeated(float logit, float repetition) =>
        float.IsNegativeInfinity(logit) ? logit : float.Clamp(logit > 0 ? logit / repetition : logit * repetition, -MostPenalized, MostPenalized);
}
