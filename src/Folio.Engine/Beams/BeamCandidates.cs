using Folio.Compute;

namespace Folio.Engine;

/// <summary>One way to go on: the beam, its next token, and the sum of log-probabilities with it.</summary>
internal readonly record struct BeamCandidate(int Beam, int Token, float Sum);

/// <summary>The best continuations of all beams of one step, best first; of equal sums the earlier beam's, then the lower id, comes first.</summary>
/// <remarks>Each beam's row takes two vector passes (log-softmax, best ids); the rest is a merge of short sorted lists. Nothing is allocated.</remarks>
internal sealed class BeamCandidates(int most)
{
    private readonly int[] _ids = new int[most];
    private BeamCandidate[] _best = new BeamCandidate[most];
    private BeamCandidate[] _merged = new BeamCandidate[most];
    private int _count;

    public ReadOnlySpan<BeamCandidate> Best => _best.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <param name="beam">Which beam.</param>
    /// <param name="sum">Its sum of log-probabilities so far.</param>
    /// <param name="row">[vocabulary] the logits of its next token. A row without any finite logit adds nothing.</param>
    public void Add(int beam, float sum, ReadOnlySpan<float> row)
    {
        float norm = LogProbabilities.LogSumExp(row);
        if (!float.IsFinite(norm))
        {
            RequireNumbers(row);
            return; // all ids are excluded: this beam leads nowhere
        }

        int count = LogProbabilities.TopK(row, _ids);
        int mine = 0, others = 0, merged = 0;
        while (merged < most && (mine < count || others < _count))
        {
            bool takeMine = others == _count || (mine < count && sum + (row[_ids[mine]] - norm) > _best[others].Sum);
            _merged[merged++] = takeMine ? new(beam, _ids[mine], sum + (row[_ids[mine++]] - norm)) : _best[others++];
        }

        (_best, _merged, _count) = (_merged, _best, merged);
    }

    private static void RequireNumbers(ReadOnlySpan<float> row)
    {
        foreach (float logit in row)
        {
            if (!float.IsNegativeInfinity(logit)) throw new RequestFailedException("the model's logits are not numbers");
        }
    }
}
