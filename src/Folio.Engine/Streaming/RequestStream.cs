using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Folio.Engine;

/// <summary>The reader's end of a request: tokens become text here, on the reader's thread, and stop strings are found here.</summary>
/// <remarks>What the loop generated after a stop string, before it was told, is dropped: the output is a function of the request alone.</remarks>
internal sealed class RequestStream : GenerationStream
{
    private readonly SequenceGroup _group;
    private readonly RequestInbox _inbox;
    private readonly SequenceText[] _texts; // [sequences]; empty: no tokenizer
    private readonly bool[] _ended;         // [sequences] nothing more counts of what they draw
    private readonly bool[] _answered;      // [n] the last output has been read
    private readonly FinishReason?[] _reasons; // [n] what ended each
    private readonly BestOfRanking? _ranking;
    private readonly RequestMetrics _metrics;
    private readonly CancellationTokenRegistration _cancellation;
    private int _enumerations;
    private int _alive;
    private int _over;                      // 1: closed
    private int _completionTokens;
    private PositionLogprobs?[]? _promptLogprobs;

    public RequestStream(string id, SequenceGroup group, RequestInbox inbox, EngineMetrics metrics, Func<SequenceText>? newText, CancellationToken cancellation)
    {
        RequestId = id;
        _group = group;
        _inbox = inbox;
        _texts = newText is null ? [] : [.. group.Sequences.Select(_ => newText())];
        _promptLogprobs = group.PromptLogprobs;
        _ended = new bool[group.Sequences.Length];
        _answered = new bool[group.Sampling.N];
        _reasons = new FinishReason?[group.Sampling.N];
        _ranking = group.Sampling.Ranks ? new(group.Sampling) : null;
        _alive = _ended.Length;
        _metrics = new(metrics, group);
        _cancellation = cancellation.Register(Cancel);
    }

    public override string RequestId { get; }

    public override int PromptTokens => _group.PromptLength;

    public override int CachedTokens => _group.CachedTokens;

    public override int CompletionTokens => _completionTokens;

    public override PreemptionTally Preemptions => _group.Preempted;

    public override IAsyncEnumerator<GenerationOutput> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Increment(ref _enumerations) > 1) throw new InvalidOperationException("a request's outputs can be read once only");
        return ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        Close(FinishReason.Abort);
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<GenerationOutput> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        FinishReason? unfinished = FinishReason.Abort; // what those sequences end with that haven't ended when the enumeration does
        try
        {
            while (_alive > 0 && await WaitAsync(cancellation).ConfigureAwait(false))
            {
                while (_alive > 0 && _group.Outlet.Events.TryRead(out SequenceEvent happened))
                {
                    if (_ended[happened.Index]) continue;
                    GenerationOutput output = Output(happened);
                    if (_ranking is null) yield return Deliver(output, happened.At);
                    else _ranking.Add(output, happened.Logprobs?.Token.Logprob);
                }
            }

            if (_alive > 0 || _ranking is null) yield break;
            long rankedAt = Stopwatch.GetTimestamp();
            foreach (GenerationOutput output in _ranking.Answers()) yield return Deliver(output, rankedAt);
        }
        finally
        {
            if (_group.Outlet.Events.Completion.IsFaulted) unfinished = null;
            Close(unfinished);
        }
    }

    private ValueTask<bool> WaitAsync(CancellationToken cancellation) => _group.Outlet.Events.WaitToReadAsync(cancellation);

    private GenerationOutput Output(SequenceEvent happened)
    {
        int index = happened.Index;
        FinishReason? reason = happened.FinishReason;
        string text = Text(happened, out string? stop);
        if (stop is not null)
        {
            if (reason is null) _inbox.Post(new(MessageKind.StopSequence, _group, index));
            reason = FinishReason.Stop;
        }

        if (reason is not null)
        {
            _ended[index] = true;
            _alive--;
        }

        return new()
        {
            Index = index,
            TokenIds = happened.TokenId >= 0 ? [happened.TokenId] : [],
            Text = text,
            Logprobs = _group.Sampling.Logprobs is null ? null : happened.Logprobs is { } logprobs ? [logprobs] : [],
            Score = happened.Score,
            FinishReason = reason,
            StopReason = stop is not null ? stop : happened.StopId,
        };
    }

    /// <summary>Counts what the client now gets. The prompt's log-probabilities come once, with the first token: by then the whole prompt has been computed.</summary>
    private GenerationOutput Deliver(GenerationOutput output, long at)
    {
        int index = output.Index;
        bool hasToken = output.TokenIds.Count > 0;
        if (hasToken)
        {
            _completionTokens++;
            if (_over == 0) _metrics.Token(index, at);
        }

        if (output.FinishReason is not null)
        {
            (_answered[index], _reasons[index]) = (true, output.FinishReason);
            if (_over == 0) _metrics.End(index, output.FinishReason, at);
        }

        if (_promptLogprobs is null || index > 0 || !hasToken) return output;
        output = output with { PromptLogprobs = _promptLogprobs };
        _promptLogprobs = null;
        return output;
    }

    private string Text(SequenceEvent happened, out string? stop)
    {
        stop = null;
        if (_texts.Length == 0) return "";
        SequenceText text = _texts[happened.Index];
        bool silent = happened.TokenId < 0 || (happened.FinishReason == FinishReason.Stop && _group.Ends(happened.TokenId) && !_group.Sampling.IncludeStopStrInOutput);
        string gained = silent ? "" : text.Append(happened.TokenId, out stop);
        if (stop is null && happened.FinishReason is not null) gained += text.End(out stop);
        return gained;
    }

    private void Close(FinishReason? unfinished)
    {
        if (Interlocked.Exchange(ref _over, 1) == 1) return; // disposing and reading may be different threads
        _cancellation.Dispose();
        if (_alive > 0) Cancel();
        long now = Stopwatch.GetTimestamp();
        for (int index = 0; index < _answered.Length; index++)
        {
            if (_answered[index]) continue;
            _reasons[index] = unfinished;
            _metrics.End(index, unfinished, now);
        }

        _metrics.Close();
        if (_group.Outlet.IsObserved) _group.Outlet.Tell(new(RequestStage.Ended, now) { End = End() });
    }

    private RequestEnd End()
    {
        (long first, long last) = _metrics.TokensAt;
        return new()
        {
            FinishReasons = [.. _reasons],
            Failure = _group.Outlet.Events.Completion.Exception?.InnerException,
            PromptTokens = PromptTokens,
            CachedTokens = CachedTokens,
            CompletionTokens = CompletionTokens,
            Preemptions = Preemptions,
            QueuedAt = _group.Outlet.ArrivedAt,
            AdmittedAt = _group.Outlet.ScheduledAt,
            FirstTokenAt = first,
            LastTokenAt = last,
            TimePerOutputToken = _metrics.TimePerToken,
        };
    }

    private void Cancel() => _inbox.Post(new(MessageKind.Cancel, _group, 0));
}
