using Folio.Compute;

namespace Folio.Engine;

/// <summary>From a step's logits to its tokens: the host's part of the chain where a request asks for it, then one batched call of the backend, or the beam search's decision.</summary>
/// <remarks>What goes wrong in the host's part is one request's own and is left with its group; what the backend throws is the whole step's.</remarks>
internal sealed class Sampler(IModelRunner runner, StepLimits limits)
{
    private readonly SampleRequest[] _requests = new SampleRequest[limits.Sequences];
    private readonly int[] _drawn = new int[limits.Sequences];    // [requests] the sample that each is for
    private readonly int[] _tokens = new int[limits.Sequences];   // [requests]
    private readonly int[] _keptRows = new int[limits.LogitRows]; // [logit rows] where in _kept the untouched row lies
    private readonly List<float[]> _kept = [];                    // [kept rows][vocabulary] rows whose log-probabilities are wanted
    private readonly ulong[] _mask = new ulong[(runner.VocabularySize + 63) / 64];
    private readonly ulong[] _allowed = new ulong[(runner.VocabularySize + 63) / 64];
    private readonly LogitChanges _changes = new(runner.VocabularySize);
    private readonly BackendLogprobs? _told = runner.MaxLogprobs > 0 ? new(runner, limits) : null; // null: a draw changes its row
    private int[] _top = [];

    public void Sample(StepPlan plan)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled) AddPromptLogprobs(tokens);

        Span<PlannedSample> samples = plan.Samples;
        KeepRows(samples);
        for (int i = 0; i < samples.Length; i++)
        {
            if (!SharesRow(samples, i)) Process(samples[i]);
            if (samples[i].Sequence.Group.Beams is { } beams) Search(samples[i], beams);
        }

        for (int sibling = 0; Draw(samples, sibling); sibling++) { }
        for (int i = 0; i < samples.Length; i++)
        {
            if (!IsTold(samples, i)) AddLogprobs(ref samples[i]);
        }

        _told?.Finish(samples);
    }

    /// <summary>Whether nothing of the step is left to the host but to take its tokens: then they may be drawn and taken apart, by <see cref="Begin"/> and <see cref="End"/>.</summary>
    public static bool DrawsWithoutHost(StepPlan plan)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled)
        {
            if (!tokens.Sequence.Group.DrawsTokens || tokens.PromptRows > 0) return false;
        }

        ReadOnlySpan<PlannedSample> samples = plan.Samples;
        for (int i = 0; i < samples.Length; i++)
        {
            if (!samples[i].Sequence.Group.DrawsWithoutHost || SharesRow(samples, i)) return false;
        }

        return true;
    }

    /// <summary>Launches the draws, that of sample i as request i.</summary>
    public void Begin(StepPlan plan)
    {
        ReadOnlySpan<PlannedSample> samples = plan.Samples;
        for (int i = 0; i < samples.Length; i++) _requests[i] = Request(samples[i]);
        runner.BeginSample(_requests.AsSpan(0, samples.Length));
    }

    /// <summary>Waits for the draws that were launched first.</summary>
    public void End(StepPlan plan)
    {
        Span<PlannedSample> samples = plan.Samples;
        runner.EndSample(_tokens.AsSpan(0, samples.Length));
        for (int i = 0; i < samples.Length; i++) samples[i].Token = _tokens[i];
    }

    /// <summary>Waits for a step of which nothing is drawn.</summary>
    public void Wait()
    {
        runner.BeginSample([]);
        runner.EndSample([]);
    }

    /// <summary>Whether the row is its left neighbour's too: the n first tokens of a group.</summary>
    private static bool SharesRow(ReadOnlySpan<PlannedSample> samples, int i) => i > 0 && samples[i].Row == samples[i - 1].Row;

    /// <summary>Draws for the samples that are the n-th of their row (n: <paramref name="sibling"/>, from 0); a call of the backend wants each row once.</summary>
    /// <remarks>
    /// The backend works in place: after the first draw a row holds the scaled logits of the ids that are left. The others draw from just that, so each token is the
    /// one that a request of its own with that seed would have had.
    /// </remarks>
    /// <returns>False when there are none.</returns>
    private bool Draw(Span<PlannedSample> samples, int sibling)
    {
        int count = 0;
        for (int i = 0, place = 0; i < samples.Length; i++)
        {
            place = SharesRow(samples, i) ? place + 1 : 0;
            if (place != sibling || samples[i].Sequence.Group.Beams is not null) continue;
            SampleRequest request = Request(samples[i]) with { IsShared = i + 1 < samples.Length && SharesRow(samples, i + 1) };
            _drawn[count] = i;
            _requests[count++] = sibling == 0 ? request : request with { Temperature = 1, TopK = 0, TopP = 1, MinP = 0 };
        }

        if (count == 0) return false;
        runner.BeginSample(_requests.AsSpan(0, count));
        runner.EndSample(_tokens.AsSpan(0, count));
        for (int i = 0; i < count; i++) samples[_drawn[i]].Token = _tokens[i];
        return true;
    }

    private static SampleRequest Request(in PlannedSample sample)
    {
        Sequence sequence = sample.Sequence;
        SamplingParams sampling = sequence.Group.Sampling;
        return new(sample.Row, sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP, sequence.Seed, sequence.OutputLength);
    }

    private void Process(in PlannedSample sample)
    {
        Sequence sequence = sample.Sequence;
        SequenceGroup group = sequence.Group;
        if (group.Processors is null && sequence.Grammar is null) return;
        bool masks;
        try
        {
            masks = TryFillMask(group, sequence.Grammar);
            _changes.Clear();
            group.Processors?.Collect(_changes, sequence.Output, sequence.OutputCounts);
        }
        catch (Exception error)
        {
            group.SamplingFailure = error;
            return;
        }

        if (masks) runner.Mask(sample.Row, _mask);
        if (group.Processors is { } processors) runner.Change(sample.Row, _changes.List, processors.Penalties);
    }

    /// <summary>The ids that the grammar and the list of allowed ids leave.</summary>
    /// <returns>False: there is neither.</returns>
    private bool TryFillMask(SequenceGroup group, SequenceGrammar? grammar)
    {
        grammar?.FillMask(_mask, group.EndIds, group.StopIds);
        if (group.Processors is not { HasAllowed: true } processors) return grammar is not null;
        processors.Allow(grammar is null ? _mask : _allowed);
        for (int word = 0; grammar is not null && word < _mask.Length; word++) _mask[word] &= _allowed[word];
        return true;
    }

    private void Search(in PlannedSample sample, BeamSearch beams)
    {
        Span<float> logits = runner.Logits(sample.Row);
        try
        {
            if (beams.Add(sample.Sequence.Index, sample.Row, logits)) beams.Decide(sample.Sequence.Group.Sampling.Logprobs is null ? null : BeamLogprobs);
        }
        catch (Exception error)
        {
            sample.Sequence.Group.SamplingFailure = error;
        }
    }

    private PositionLogprobs BeamLogprobs(SequenceGroup group, int row, int token) => Logprobs(_kept[_keptRows[row]], token, group.Sampling.Logprobs!.Value, group.Sampling.LogprobTokenIds);

    /// <summary>Copies the rows whose log-probabilities are wanted: they are those of the untouched logits, and the chain works in place.</summary>
    private void KeepRows(ReadOnlySpan<PlannedSample> samples)
    {
        int kept = 0;
        _told?.Clear();
        for (int i = 0; i < samples.Length; i++)
        {
            if (samples[i].Sequence.Group.Sampling is { Logprobs: null, Ranks: false } || SharesRow(samples, i)) continue;
            if (IsTold(samples, i))
            {
                _told!.Add(i);
                continue;
            }

            if (kept == _kept.Count) _kept.Add(new float[runner.VocabularySize]);
            runner.Logits(samples[i].Row).CopyTo(_kept[kept]);
            _keptRows[samples[i].Row] = kept++;
        }
    }

    /// <summary>Whether the backend tells of the row behind the draw, which leaves it untouched.</summary>
    private bool IsTold(ReadOnlySpan<PlannedSample> samples, int i) => _told is not null && _told.Tells(samples[i].Sequence) && !SharesRow(samples, i) && (i + 1 == samples.Length || !SharesRow(samples, i + 1));

    private void AddLogprobs(ref PlannedSample sample)
    {
        SequenceGroup group = sample.Sequence.Group;
        if (group.Beams is not null || group.Sampling is { Logprobs: null, Ranks: false } || sample.Token < 0) return;
        try
        {
            sample.Logprobs = Logprobs(_kept[_keptRows[sample.Row]], sample.Token, group.Sampling.Logprobs ?? 0, group.Sampling.LogprobTokenIds);
        }
        catch (Exception error)
        {
            group.SamplingFailure = error;
        }
    }

    /// <summary>The row at position p tells how likely the prompt's token p + 1 was.</summary>
    private void AddPromptLogprobs(in ScheduledTokens tokens)
    {
        SequenceGroup group = tokens.Sequence.Group;
        for (int i = 0; i < tokens.PromptRows; i++)
        {
            int position = tokens.PromptStart + i + 1;
            int token = tokens.Sequence.Tokens(position, 1)[0];
            Span<float> logits = runner.Logits(tokens.PromptRow + i);
            try
            {
                group.PromptLogprobs![position] = Logprobs(logits, token, group.Sampling.PromptLogprobs!.Value, []);
            }
            catch (Exception error)
            {
                group.SamplingFailure = error;
            }
        }

        if (tokens.PromptRows > 0) group.PromptLogprobsDone = tokens.PromptStart + tokens.PromptRows;
    }

    /// <param name="named">Ids that are told behind the likeliest, unless they are among these.</param>
    private PositionLogprobs Logprobs(ReadOnlySpan<float> row, int token, int top, IReadOnlyList<int> named)
    {
        float norm = LogProbabilities.LogSumExp(row);
        if (top > _top.Length) _top = new int[top];
        int count = LogProbabilities.TopK(row, _top.AsSpan(0, top));
        List<TokenLogprob> best = new(count + named.Count);
        for (int i = 0; i < count; i++) best.Add(new(_top[i], row[_top[i]] - norm, i + 1));
        foreach (int id in named)
        {
            if (!_top.AsSpan(0, count).Contains(id)) best.Add(new(id, row[id] - norm, LogProbabilities.Rank(row, id)));
        }

        return new(new(token, row[token] - norm, LogProbabilities.Rank(row, token)), best);
    }
}
