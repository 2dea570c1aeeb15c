using System.Diagnostics;

namespace Folio.Engine;

/// <summary>Records one request's times and counts as its outputs are read, so that the figures are those that the client saw.</summary>
internal sealed class RequestMetrics(EngineMetrics metrics, SequenceGroup group)
{
    private readonly long[] _lastAt = new long[group.Sampling.N]; // [n] time of each sequence's last token; 0: none yet
    private readonly int[] _tokens = new int[group.Sampling.N];   // [n] tokens of each sequence
    private readonly bool _atOnce = group.Sampling.AnswersAtOnce; // then there is no time from token to token
    private long _firstAt;

    /// <summary>When the first token came and when the last, as timestamps; 0: none has.</summary>
    public (long First, long Last) TokensAt => (_firstAt, _lastAt.Max());

    /// <summary>The mean time from token to token of the longest sequence; null: there is none.</summary>
    public TimeSpan? TimePerToken
    {
        get
        {
            int longest = Array.IndexOf(_tokens, _tokens.Max());
            return _atOnce || _tokens[longest] < 2 ? null : Stopwatch.GetElapsedTime(_firstAt, _lastAt[longest]) / (_tokens[longest] - 1);
        }
    }

    public void Token(int index, long at)
    {
        RequestOutlet outlet = group.Outlet;
        metrics.GenerationTokens.Add(1);
        if (_firstAt == 0)
        {
            _firstAt = at;
            Prompt(at);
            metrics.ParamsN.Observe(group.Sampling.N);
            if (group.Sampling.MaxTokens is { } most) metrics.ParamsMaxTokens.Observe(most);
            metrics.TimeToFirstToken.Observe(Seconds(outlet.ArrivedAt, at));
        }

        if (_lastAt[index] != 0 && !_atOnce) metrics.InterTokenLatency.Observe(Seconds(_lastAt[index], at));
        _lastAt[index] = at;
        _tokens[index]++;
    }

    /// <param name="index">The sequence that has ended.</param>
    /// <param name="reason">Null: it failed.</param>
    /// <param name="at">When.</param>
    public void End(int index, FinishReason? reason, long at)
    {
        metrics.FinishedWith(reason).Add(1);
        int tokens = _tokens[index];
        if (tokens == 0) return;
        metrics.GenerationLength.Observe(tokens);
        Answered(at);
        if (_atOnce) return;
        metrics.DecodeTime.Observe(Seconds(_firstAt, at));
        if (tokens > 1) metrics.TimePerOutputToken.Observe(Seconds(_firstAt, at) / (tokens - 1));
    }

    /// <summary>The prompt's embedding was made: all that was asked for.</summary>
    public void Embedded(long at)
    {
        Prompt(at);
        Answered(at);
        metrics.FinishedWith(FinishReason.Stop).Add(1);
        metrics.RequestPreemptions.Observe(group.Preemptions);
    }

    /// <summary>The request is over, however it ended.</summary>
    public void Close()
    {
        if (_firstAt == 0) return;
        metrics.MaxGenerationLength.Observe(_tokens.Max());
        metrics.RequestPreemptions.Observe(group.Preemptions);
    }

    /// <summary>The prompt has been read to its end.</summary>
    private void Prompt(long at)
    {
        metrics.Prompt(group.PromptLength, group.CachedTokens, group.StoredTokens);
        metrics.QueueTime.Observe(Seconds(group.Outlet.ArrivedAt, group.Outlet.ScheduledAt));
        metrics.PrefillTime.Observe(Seconds(group.Outlet.ScheduledAt, at));
    }

    private void Answered(long at)
    {
        metrics.EndToEnd.Observe(Seconds(group.Outlet.ArrivedAt, at));
        metrics.InferenceTime.Observe(Seconds(group.Outlet.ScheduledAt, at));
    }

    private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;
}
