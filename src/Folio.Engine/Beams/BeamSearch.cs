using System.Diagnostics;

namespace Folio.Engine;

/// <summary>Searches a group's likeliest continuations: what each of its sequences goes on as, and which continuations have ended.</summary>
/// <remarks>
/// The definition is that of Hugging Face transformers (generate with num_beams): fp32 sums of log-softmax values; scores sum / length ^ penalty. Here every sequence
/// of the group is a live beam until the search is over, all of the same length: they take each step together. A beam that lives on keeps its own sequence for its
/// best child; further children overwrite the sequences of those that don't, sharing their parent's blocks (PagedAttention paper, §4.4). No keys or values move but for
/// the copy of a shared last block when it is next written.
/// All state is here and in the sequences' tokens, so a group may be preempted between any two steps.
/// </remarks>
internal sealed class BeamSearch
{
    private const int NoParent = -1;

    private readonly SequenceGroup _group;
    private readonly BeamCandidates _candidates;
    private readonly Hypotheses _ended;
    private readonly float[] _sums;                       // [width] −∞: leads nowhere, and waits to be overwritten
    private readonly int[] _rows;                         // [width] the row of logits of each beam's next token
    private readonly BeamCandidate[] _living;             // [width] those that live on, best first
    private readonly BeamCandidate[] _next;               // [width] what each sequence becomes
    private readonly List<PositionLogprobs>[] _logprobs;  // [width] of each beam's output; empty if not asked for
    private readonly PositionLogprobs?[] _nextLogprobs;   // [width]
    private readonly int _mostTokens;
    private int _rowCount;

    public BeamSearch(SequenceGroup group)
    {
        SamplingParams sampling = group.Sampling;
        int width = sampling.Width, ends = group.EndIds.Union(group.StopIds).Count();
        _group = group;
        _candidates = new(Math.Max(2, 1 + ends) * width); // when as many as possible end, width can still live on
        _ended = new(width);
        _sums = new float[width];
        _sums.AsSpan(1).Fill(float.NegativeInfinity);     // the prompt's row is one beam's: its children fill the others
        _rows = new int[width];
        _living = new BeamCandidate[width];
        _next = new BeamCandidate[width];
        _logprobs = sampling.Logprobs is null ? [] : [.. Enumerable.Range(0, width).Select(_ => new List<PositionLogprobs>())];
        _nextLogprobs = new PositionLogprobs?[width];
        _mostTokens = group.MaxLength - group.PromptLength;
    }

    /// <summary>Whether a step is decided and not yet taken.</summary>
    public bool Decided { get; private set; }

    /// <summary>Whether the search has ended: at the length limit, or because nothing can become better.</summary>
    public bool Over { get; private set; }

    /// <summary>Why there is no answer, once the search is over: there are fewer sequences than were asked for.</summary>
    public RequestException? Failure { get; private set; }

    /// <summary>Takes the logits of one beam's next token.</summary>
    /// <param name="beam">Which of the group's sequences.</param>
    /// <param name="row">Their row.</param>
    /// <param name="logits">[vocabulary] as the request's processors have left them.</param>
    /// <returns>Whether all beams' are there: then the step is to be decided.</returns>
    public bool Add(int beam, int row, ReadOnlySpan<float> logits)
    {
        if (_rowCount == 0) _candidates.Clear();
        _rows[beam] = row;
        if (float.IsFinite(_sums[beam])) _candidates.Add(beam, _sums[beam], logits);
        return ++_rowCount == _next.Length;
    }

    /// <summary>Decides who lives on and who has ended; no sequence is changed.</summary>
    /// <param name="logprobs">What to report of (group, row, token); null where log-probabilities aren't asked for.</param>
    public void Decide(Func<SequenceGroup, int, int, PositionLogprobs>? logprobs)
    {
        _rowCount = 0;
        Decided = true;
        int length = _group.Sequences[0].OutputLength + 1, width = _next.Length, living = 0;
        ReadOnlySpan<BeamCandidate> best = _candidates.Best;
        for (int rank = 0; rank < best.Length; rank++)
        {
            if (length == _mostTokens || _group.Ends(best[rank].Token)) End(best[rank], rank, length, logprobs);
            else if (living < width) _living[living++] = best[rank];
        }

        Over = living == 0 || (_ended.Full && !CanImprove(_living[0].Sum, length));
        if (!Over) Assign(living, logprobs);
        else if (!_ended.Full) Failure = new RequestException($"n is {width}; only {_ended.Count} of these sequences can be, with the ids and the length that this request allows.", "n");
    }

    /// <summary>Takes the step: sequences are overwritten, and each gains its token.</summary>
    public void Advance()
    {
        Decided = false;
        Sequence[] sequences = _group.Sequences;
        for (int beam = 0; beam < _next.Length; beam++) // a parent's own sequence stays, so the order doesn't matter
        {
            int parent = _next[beam].Beam;
            if (parent == beam) continue;
            sequences[beam].Become(sequences[parent]);
            if (_logprobs.Length == 0) continue;
            _logprobs[beam].Clear();
            _logprobs[beam].AddRange(_logprobs[parent]);
        }

        for (int beam = 0; beam < _next.Length; beam++)
        {
            sequences[beam].Append(_next[beam].Token);
            _sums[beam] = _next[beam].Sum;
            if (_logprobs.Length > 0) _logprobs[beam].Add(_nextLogprobs[beam]!);
        }
    }

    /// <summary>Sends the answer on its way, best first.</summary>
    public void Answer(RequestOutlet outlet)
    {
        long now = Stopwatch.GetTimestamp();
        for (int rank = 0; rank < _ended.Count; rank++)
        {
            Hypothesis ended = _ended[rank];
            int last = ended.Tokens.Length - 1;
            for (int i = 0; i < last; i++) outlet.Write(new(rank, ended.Tokens[i], ended.Logprobs?[i], null, null, now));
            outlet.Write(new(rank, ended.Tokens[last], ended.Logprobs?[last], ended.Reason, ended.StopId, now, ended.Score));
        }
    }

    /// <summary>One that ends counts only among the best candidates of its step.</summary>
    private void End(in BeamCandidate candidate, int rank, int length, Func<SequenceGroup, int, int, PositionLogprobs>? logprobs)
    {
        if (rank >= _next.Length || _ended.Offer(candidate.Sum / Divisor(length)) is not { } ended) return;
        ended.SetTokens(_group.Sequences[candidate.Beam].Output, candidate.Token);
        bool named = _group.StopIds.Contains(candidate.Token) && !_group.EndIds.Contains(candidate.Token);
        ended.StopId = named ? candidate.Token : null;
        ended.Reason = _group.Ends(candidate.Token) ? FinishReason.Stop : FinishReason.Length;
        if (logprobs is not null) ended.Logprobs = [.. _logprobs[candidate.Beam], logprobs(_group, _rows[candidate.Beam], candidate.Token)];
    }

    private bool CanImprove(float bestSum, int length)
    {
        SamplingParams sampling = _group.Sampling;
        if (sampling.EarlyStopping == EarlyStopping.True) return false;
        bool couldGrow = sampling.EarlyStopping == EarlyStopping.Never && sampling.LengthPenalty > 0;
        return bestSum / Divisor(couldGrow ? _mostTokens : length) > _ended.WorstScore;
    }

    private float Divisor(int length) => (float)Math.Pow(length, _group.Sampling.LengthPenalty);

    /// <summary>Gives each that lives on a sequence: its parent's own if it is the parent's best child, else one whose beam dies.</summary>
    /// <remarks>Where fewer live on than there are sequences, the rest double the best with a sum of −∞ until somebody's children need them.</remarks>
    private void Assign(int living, Func<SequenceGroup, int, int, PositionLogprobs>? logprobs)
    {
        int width = _next.Length, dead = 0;
        for (int beam = 0; beam < width; beam++) _next[beam] = new(NoParent, 0, 0);
        for (int i = 0; i < width; i++)
        {
            BeamCandidate candidate = i < living ? _living[i] : _living[0] with { Sum = float.NegativeInfinity };
            _living[i] = candidate;
            if (_next[candidate.Beam].Beam == NoParent) Place(candidate.Beam, candidate);
        }

        for (int i = 0; i < width; i++)
        {
            BeamCandidate candidate = _living[i];
            if (_next[candidate.Beam] == candidate) continue; // has its parent's
            while (_next[dead].Beam != NoParent) dead++;
            Place(dead, candidate);
        }

        void Place(int beam, in BeamCandidate candidate)
        {
            _next[beam] = candidate;
            if (logprobs is not null) _nextLogprobs[beam] = logprobs(_group, _rows[candidate.Beam], candidate.Token);
        }
    }
}
