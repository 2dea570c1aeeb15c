namespace Folio.Engine;

/// <summary>Holds back the outputs of a request that draws more sequences than it answers, until all have finished and the likeliest are known.</summary>
/// <remarks>On the reader's side, because a stop string, found there, decides where a sequence ends.</remarks>
internal sealed class BestOfRanking(SamplingParams sampling)
{
    private readonly List<GenerationOutput>[] _outputs = [.. Enumerable.Range(0, sampling.Width).Select(_ => new List<GenerationOutput>())];
    private readonly double[] _sums = new double[sampling.Width]; // of the tokens' log-probabilities
    private bool _aborted;

    /// <param name="output">What a sequence has gained: one token, or its end.</param>
    /// <param name="logprob">The token's log-probability under the untouched logits.</param>
    public void Add(GenerationOutput output, float? logprob)
    {
        _outputs[output.Index].Add(output);
        _sums[output.Index] += logprob ?? 0;
        _aborted |= output.FinishReason == FinishReason.Abort;
    }

    /// <summary>The answers, the highest mean log-probability first, the lower index first among equals; when all have finished.</summary>
    public IEnumerable<GenerationOutput> Answers()
    {
        if (_aborted) // not all were drawn to their end, so there is no ranking
            return Enumerable.Range(0, sampling.N).Select(rank => new GenerationOutput { Index = rank, TokenIds = [], FinishReason = FinishReason.Abort });
        int[] best = [.. Enumerable.Range(0, _outputs.Length).OrderByDescending(Mean).Take(sampling.N)];
        return best.SelectMany((index, rank) => _outputs[index].Select(output => output with { Index = rank, Score = output.FinishReason is null ? null : (float)Mean(index) }));
    }

    private double Mean(int index) => _sums[index] / _outputs[index].Sum(output => output.TokenIds.Count);
}
