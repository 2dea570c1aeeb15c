using Folio.Compute;

namespace Folio.Engine;

/// <summary>Log-probabilities of a step's drawn tokens from a backend whose draws leave their rows untouched: asked for all at once, so that no row comes to the host.</summary>
internal sealed class BackendLogprobs(IModelRunner runner, StepLimits limits)
{
    private readonly int[] _samples = new int[limits.Sequences];                     // [rows] whose row it is
    private readonly LogprobRequest[] _requests = new LogprobRequest[limits.Sequences];
    private readonly TokenRank[] _tokens = new TokenRank[limits.Sequences];
    private TokenRank[] _likeliest = [];                                             // [rows, top]
    private int _count;

    /// <summary>Whether a sequence asks for nothing that the host must do.</summary>
    public bool Tells(Sequence sequence)
    {
        SequenceGroup group = sequence.Group;
        return group.Processors is null && sequence.Grammar is null && group.Beams is null && group.Sampling.LogprobTokenIds.Count == 0 && (group.Sampling.Logprobs ?? 0) <= runner.MaxLogprobs;
    }

    public void Clear() => _count = 0;

    public void Add(int sample) => _samples[_count++] = sample;

    public void Finish(Span<PlannedSample> samples)
    {
        int count = 0, top = 0;
        for (int i = 0; i < _count; i++)
        {
            ref readonly PlannedSample sample = ref samples[_samples[i]];
            if (sample.Token < 0) continue;
            int wanted = sample.Sequence.Group.Sampling.Logprobs ?? 0;
            (_samples[count], _requests[count++]) = (_samples[i], new(sample.Row, sample.Token, wanted));
            top = Math.Max(top, wanted);
        }

        if (_likeliest.Length < count * top) _likeliest = new TokenRank[limits.Sequences * top];
        runner.Logprobs(_requests.AsSpan(0, count), _tokens.AsSpan(0, count), _likeliest.AsSpan(0, count * top));
        for (int i = 0; i < count; i++)
        {
            List<TokenLogprob> best = new(_requests[i].Top);
            foreach (TokenRank rank in _likeliest.AsSpan(i * top, _requests[i].Top))
            {
                if (rank.Token >= 0) best.Add(Of(rank));
            }

            samples[_samples[i]].Logprobs = new(Of(_tokens[i]), best);
        }
    }

    private static TokenLogprob Of(TokenRank rank) => new(rank.Token, rank.Logprob, rank.Rank);
}
