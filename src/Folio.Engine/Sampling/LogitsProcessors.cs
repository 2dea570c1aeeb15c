namespace Folio.Engine;

/// <summary>What one request asks the host to do to its logits, before the backend's part of the chain. Order and definitions are vLLM's.</summary>
/// <remarks>
/// Work is proportional to the ids that a request names or has used; only a list of allowed ids sweeps the vocabulary. What depends on the output is counted as the
/// output grows (<see cref="Sequence.OutputCounts"/>), never anew.
/// </remarks>
internal sealed class LogitsProcessors
{
    private const float MostPenalized = 1e30f;

    private readonly int[]? _allowed;                // ascending, distinct
    private readonly int[][] _badWords;
    private readonly int[] _endIds;                  // not before MinTokens
    private readonly int _minTokens;
    private readonly (int Id, float Bias)[] _bias;
    private readonly HashSet<int> _promptIds;        // distinct; empty where no repetition penalty asks
    private readonly float _repetition;
    private readonly float _frequency;
    private readonly float _presence;

    private LogitsProcessors(SamplingParams sampling, ReadOnlySpan<int> prompt, IReadOnlyList<int> endIds)
    {
        _allowed = sampling.AllowedTokenIds is { } allowed ? [.. allowed.Distinct().Order()] : null;
        _badWords = [.. (sampling.BadWords ?? []).Select(word => word.ToArray())];
        _minTokens = sampling.MinTokens;
        _endIds = _minTokens == 0 ? [] : [.. endIds, .. sampling.StopTokenIds];
        _bias = [.. (sampling.LogitBias ?? new Dictionary<int, float>()).Select(bias => (bias.Key, Math.Clamp(bias.Value, -100, 100)))];
        _repetition = sampling.RepetitionPenalty;
        _frequency = sampling.FrequencyPenalty;
        _presence = sampling.PresencePenalty;
        _promptIds = _repetition == 1 ? [] : [.. prompt];
    }

    /// <summary>Whether a sequence must count its output's ids.</summary>
    public bool CountsOutput => _repetition != 1 || _frequency != 0 || _presence != 0;

    /// <summary>Whether an id may be excluded, or preferred, by what the request says of it.</summary>
    public bool ChoosesIds => _allowed is not null || _badWords.Length + _endIds.Length + _bias.Length > 0;

    /// <returns>Null when the request asks for nothing of the kind.</returns>
    public static LogitsProcessors? For(SamplingParams sampling, ReadOnlySpan<int> prompt, IReadOnlyList<int> endIds)
    {
        var processors = new LogitsProcessors(sampling, prompt, endIds);
        return processors.ChoosesIds || processors.CountsOutput ? processors : null;
    }

    /// <summary>Changes one row of logits, [vocabulary], for the sequence's next token.</summary>
    public void Apply(Span<float> logits, ReadOnlySpan<int> output, Dictionary<int, int>? counts)
    {
        if (_allowed is not null) KeepAllowed(logits);
        foreach (int[] word in _badWords)
        {
            if (word.Length <= output.Length + 1 && output.EndsWith(word.AsSpan(0, word.Length - 1))) logits[word[^1]] = float.NegativeInfinity;
        }

        if (output.Length < _minTokens)
        {
            foreach (int id in _endIds) logits[id] = float.NegativeInfinity;
        }

        foreach ((int id, float bias) in _bias) logits[id] += bias;
        if (counts is not null) Penalize(logits, counts);
    }

    private void KeepAllowed(Span<float> logits)
    {
        int next = 0;
        foreach (int id in _allowed!)
        {
            logits[next..id].Fill(float.NegativeInfinity);
            next = id + 1;
        }

        logits[next..].Fill(float.NegativeInfinity);
    }

    private void Penalize(Span<float> logits, Dictionary<int, int> counts)
    {
        foreach (int id in _promptIds) logits[id] = Repeated(logits[id]);
        foreach ((int id, int count) in counts)
        {
            float logit = _promptIds.Contains(id) ? logits[id] : Repeated(logits[id]);
            logit -= _frequency * count;
            logits[id] = logit - _presence;
        }
    }

    /// <summary>A penalty near 0 or far above 1 makes a logit very large, but not infinite: no number of probability could be drawn from that. What is excluded stays so.</summary>
    private float Repeated(float logit) => float.IsNegativeInfinity(logit) ? logit : float.Clamp(logit > 0 ? logit / _repetition : logit * _repetition, -MostPenalized, MostPenalized);
}
