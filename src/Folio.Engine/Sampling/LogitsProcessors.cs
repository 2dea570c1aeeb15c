using Folio.Compute;

namespace Folio.Engine;

/// <summary>What one request asks to be done to its logits, before they are drawn from. Definitions are vLLM's.</summary>
/// <remarks>
/// Said as a list of ids, which the backend works off where the logits are, and, of a list of allowed ids, as a mask. Work is proportional to the ids that a request names or has used. What depends on the output is counted as the
/// output grows (<see cref="Sequence.OutputCounts"/>), never anew.
/// </remarks>
internal sealed class LogitsProcessors
{
    private readonly int[]? _allowed;
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
        _allowed = sampling.AllowedTokenIds is { } allowed ? [.. allowed.Distinct()] : null;
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

    /// <summary>Whether only listed ids may be drawn: <see cref="Allow"/>.</summary>
    public bool HasAllowed => _allowed is not null;

    public LogitPenalties Penalties => new(_repetition, _frequency, _presence);

    /// <summary>Sets the bits of the allowed ids, and no others.</summary>
    public void Allow(Span<ulong> mask)
    {
        mask.Clear();
        foreach (int id in _allowed!) mask[id >> 6] |= 1UL << (id & 63);
    }

    /// <summary>Adds what is to be done for the sequence's next token. It comes behind the mask.</summary>
    public void Collect(LogitChanges changes, ReadOnlySpan<int> output, Dictionary<int, int>? counts)
    {
        foreach (int[] word in _badWords)
        {
            if (word.Length <= output.Length + 1 && output.EndsWith(word.AsSpan(0, word.Length - 1))) changes[word[^1]].Uses |= LogitChange.Excluded;
        }

        if (output.Length < _minTokens)
        {
            foreach (int id in _endIds) changes[id].Uses |= LogitChange.Excluded;
        }

        foreach ((int id, float bias) in _bias) changes[id].Bias += bias;
        if (counts is null) return;
        foreach (int id in _promptIds) changes[id].Uses |= LogitChange.Repeated;
        foreach ((int id, int count) in counts) changes[id].Uses |= LogitChange.Repeated | (uint)count;
    }
}
