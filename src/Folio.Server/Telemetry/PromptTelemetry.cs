using System.Diagnostics;
using Folio.Engine;

namespace Folio.Server;

/// <summary>What is told of one prompt, from its arrival to its end. Up to the engine's first event on the request's thread, and from there on the observers'.</summary>
internal sealed class PromptTelemetry
{
    private readonly LifecycleLog _log;
    private readonly RequestSpan? _span;
    private readonly string _operation, _model, _id;
    private readonly long _arrivedAt;
    private bool _ended;

    public PromptTelemetry(LifecycleLog log, string operation, string model, string id, int promptTokens, int n, Action<Activity> describe, string tenant, long arrivedAt)
    {
        (_log, _operation, _model, _id, _arrivedAt) = (log, operation, model, id, arrivedAt);
        _span = RequestSpan.Start(id, operation, model, tenant, describe, arrivedAt);
        _log.Arrived(id, operation, tenant, promptTokens, n);
    }

    public void GrammarWait()
    {
        _log.GrammarWait(_id);
        _span?.Event("grammar_wait", Stopwatch.GetTimestamp());
    }

    /// <summary>Whether anybody reads of more than its end.</summary>
    public bool TellsStations => _span is not null || _log.IsWatched;

    /// <summary>The engine's observer.</summary>
    public void Happened(RequestEvent happened)
    {
        if (_ended) return; // its reader has left while the loop still had it
        _log.Happened(_id, happened, Stopwatch.GetElapsedTime(_arrivedAt, happened.At));
        _span?.Happened(happened);
        if (happened.Stage != RequestStage.Ended) return;
        _ended = true;
        Record(happened.End!, happened.At);
    }

    /// <summary>It never came into the engine.</summary>
    public void Refused(Exception error)
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_arrivedAt, now);
        string kind = ErrorKind.Of(error);
        _log.Refused(_id, kind, elapsed.TotalMilliseconds);
        _span?.End(kind, now);
        GenAiInstruments.Record(_operation, _model, elapsed, firstToken: null, perToken: null, promptTokens: null, completionTokens: null, kind);
    }

    private void Record(RequestEnd end, long at)
    {
        TimeSpan? firstToken = end.FirstTokenAt > 0 ? Stopwatch.GetElapsedTime(_arrivedAt, end.FirstTokenAt) : null;
        string? error = ErrorKind.Of(end);
        int? prompt = firstToken is null && error is not null ? null : end.PromptTokens, completion = firstToken is null ? null : end.CompletionTokens;
        GenAiInstruments.Record(_operation, _model, Stopwatch.GetElapsedTime(_arrivedAt, at), firstToken, end.TimePerOutputToken, prompt, completion, error);
    }
}
