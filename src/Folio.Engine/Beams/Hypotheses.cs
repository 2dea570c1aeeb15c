namespace Folio.Engine;

/// <summary>A continuation that has ended: its tokens only, no blocks.</summary>
internal sealed class Hypothesis
{
    private int[] _tokens = [];
    private int _length;

    public float Score { get; set; }

    public FinishReason Reason { get; set; }

    public int? StopId { get; set; }

    /// <summary>New tokens, the one that ended it among them.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _length);

    /// <summary>[tokens]; null if not asked for.</summary>
    public PositionLogprobs[]? Logprobs { get; set; }

    public void SetTokens(ReadOnlySpan<int> output, int last)
    {
        _length = output.Length + 1;
        if (_length > _tokens.Length) _tokens = new int[Math.Max(_length, 2 * _tokens.Length)];
        output.CopyTo(_tokens);
        _tokens[_length - 1] = last;
    }
}

/// <summary>The best ended continuations of one search, best first; of equal scores the earlier one is.</summary>
internal sealed class Hypotheses(int most)
{
    private readonly Hypothesis?[] _all = new Hypothesis?[most]; // [most] by score; those after Count are spare
    private int _count;

    public int Count => _count;

    public bool Full => _count == most;

    public float WorstScore => _all[_count - 1]!.Score;

    public Hypothesis this[int rank] => _all[rank]!;

    /// <summary>Makes room for one more, at the cost of the worst.</summary>
    /// <returns>What is to be filled; null if it isn't among the best.</returns>
    public Hypothesis? Offer(float score)
    {
        if (Full && score <= WorstScore) return null;
        int rank = Full ? most - 1 : _count++;
        Hypothesis kept = _all[rank] ?? new Hypothesis();
        for (; rank > 0 && _all[rank - 1]!.Score < score; rank--) _all[rank] = _all[rank - 1];
        kept.Score = score;
        return _all[rank] = kept;
    }
}
