using System.Diagnostics;
using Folio.Engine;

namespace Folio.Server;

/// <summary>The trace of one prompt: a span from its arrival to its end, with an event for each station between.</summary>
/// <remarks>
/// Attributes are the GenAI semantic conventions' and, where vLLM has a name of its own (request id, token counts, latencies), that too.
/// The span continues the client's trace (W3C traceparent); where the application traces its HTTP requests, that request's.
/// </remarks>
internal sealed class RequestSpan
{
    private const int MostChunks = 8;

    private readonly Activity _activity;
    private readonly long _startedAt;
    private readonly bool _isEmbedding;
    private int _chunks;            // told so far, whether as events or not
    private int _chunksLeftOut;     // between the last that is an event and _lastChunk
    private RequestEvent? _lastChunk; // no event yet, because others may follow

    private RequestSpan(Activity activity, long startedAt, bool isEmbedding) => (_activity, _startedAt, _isEmbedding) = (activity, startedAt, isEmbedding);

    /// <param name="operation">One of <see cref="GenAiOperation"/>.</param>
    /// <param name="describe">Adds what was asked for.</param>
    /// <param name="arrivedAt">As a timestamp: now.</param>
    /// <returns>Null: nobody listens, or this trace isn't wanted.</returns>
    public static RequestSpan? Start(string id, string operation, string model, string tenant, Action<Activity> describe, long arrivedAt)
    {
        if (!FolioTelemetry.Source.HasListeners()) return null;
        Activity? around = Activity.Current;
        bool isTraced = around is not null && around.Source.HasListeners();
        if (!isTraced) Activity.Current = null; // ASP.NET Core's own, which nobody exports, would be a parent that can't be found
        Activity? activity = FolioTelemetry.Source.StartActivity($"{operation} {model}", ActivityKind.Server, isTraced ? around!.Context : ClientOf(around));
        if (activity is not { IsAllDataRequested: true }) activity?.Dispose(); // sampled out
        Activity.Current = around;
        if (activity is not { IsAllDataRequested: true }) return null;
        Describe(activity, id, operation, model, tenant);
        describe(activity);
        return new(activity, arrivedAt, operation == GenAiOperation.Embeddings);
    }

    public void Event(string name, long at, params ReadOnlySpan<(string Key, object Value)> tags)
    {
        var list = new ActivityTagsCollection();
        foreach ((string key, object value) in tags) list.Add(key, value);
        _activity.AddEvent(new(name, Time(at), list));
    }

    public void Happened(in RequestEvent happened)
    {
        if (happened.Stage != RequestStage.PrefillChunk) TellLastChunk();
        switch (happened.Stage)
        {
            case RequestStage.Queued:
                Event("queued", happened.At, ("folio.prompt_tokens", happened.Tokens));
                break;
            case RequestStage.Admitted:
                Event("admitted", happened.At, ("folio.cached_tokens", happened.Tokens));
                break;
            case RequestStage.PrefillChunk:
                Chunk(happened);
                break;
            case RequestStage.FirstToken:
                Event("first_token", happened.At);
                break;
            case RequestStage.Preempted:
                Event("preempted", happened.At, ("folio.reason", StageNames.Reason(happened)), ("folio.mode", StageNames.Mode(happened)), ("folio.tokens", happened.Tokens));
                break;
            case RequestStage.Resumed:
                Event("resumed", happened.At, ("folio.mode", StageNames.Mode(happened)));
                break;
            case RequestStage.Ended:
                Complete(happened.End!, happened.At);
                break;
        }
    }

    /// <summary>It is over.</summary>
    /// <param name="error">The kind of error that it ended with; null: it was answered.</param>
    /// <param name="at">When.</param>
    public void End(string? error, long at)
    {
        if (error is not null) _activity.SetTag("error.type", error);
        if (error is not null && ErrorKind.IsServers(error)) _activity.SetStatus(ActivityStatusCode.Error, error);
        Activity? around = Activity.Current;
        _activity.SetEndTime(Time(at).UtcDateTime).Stop();
        Activity.Current = around; // Stop makes current what was so at the start, on whatever thread that was
    }

    /// <summary>Of a long prompt's chunks the first are events, and of those behind them the last before anything else happens: exporters keep 128 events of a span, as a rule.</summary>
    private void Chunk(in RequestEvent chunk)
    {
        if (_chunks++ < MostChunks)
        {
            Event("prefill_chunk", chunk.At, ("folio.start", chunk.Start), ("folio.tokens", chunk.Tokens));
            return;
        }

        if (_lastChunk is not null) _chunksLeftOut++;
        _lastChunk = chunk;
    }

    private void TellLastChunk()
    {
        if (_lastChunk is not { } chunk) return;
        Event("prefill_chunk", chunk.At, ("folio.start", chunk.Start), ("folio.tokens", chunk.Tokens), ("folio.chunks_left_out", _chunksLeftOut));
        (_lastChunk, _chunksLeftOut) = (null, 0);
    }

    private void Complete(RequestEnd end, long at)
    {
        _activity.SetTag("gen_ai.usage.input_tokens", end.PromptTokens)
            .SetTag("gen_ai.usage.cache_read.input_tokens", end.CachedTokens)
            .SetTag("gen_ai.usage.prompt_tokens", end.PromptTokens)
            .SetTag("folio.preemptions", end.Preemptions.Count);
        Latency("e2e", _startedAt, at);
        Latency("time_in_queue", end.QueuedAt, end.AdmittedAt);
        if (_isEmbedding) Latency("time_in_model_inference", end.AdmittedAt, at);
        else TellAnswer(end);
        End(ErrorKind.Of(end), at);
    }

    private void TellAnswer(RequestEnd end)
    {
        _activity.SetTag("gen_ai.response.finish_reasons", StageNames.Of(end.FinishReasons))
            .SetTag("gen_ai.usage.output_tokens", end.CompletionTokens)
            .SetTag("gen_ai.usage.completion_tokens", end.CompletionTokens)
            .SetTag("gen_ai.usage.num_sequences", end.FinishReasons.Count);
        Latency("time_to_first_token", _startedAt, end.FirstTokenAt);
        Latency("time_in_model_prefill", end.AdmittedAt, end.FirstTokenAt);
        Latency("time_in_model_decode", end.FirstTokenAt, end.LastTokenAt);
        Latency("time_in_model_inference", end.AdmittedAt, end.LastTokenAt);
    }

    private void Latency(string name, long from, long to)
    {
        if (from > 0 && to > 0) _activity.SetTag($"gen_ai.latency.{name}", Stopwatch.GetElapsedTime(from, to).TotalSeconds);
    }

    private DateTimeOffset Time(long at) => new DateTimeOffset(_activity.StartTimeUtc) + Stopwatch.GetElapsedTime(_startedAt, at);

    /// <summary>The client's span, as ASP.NET Core has read it from the request's headers.</summary>
    private static ActivityContext ClientOf(Activity? request) => request is null || request.ParentSpanId == default ? default
        : new(request.TraceId, request.ParentSpanId, request.ActivityTraceFlags, request.TraceStateString, isRemote: true);

    private static void Describe(Activity activity, string id, string operation, string model, string tenant)
    {
        activity.SetTag("gen_ai.operation.name", operation)
            .SetTag("gen_ai.provider.name", GenAiInstruments.Provider)
            .SetTag("gen_ai.request.model", model)
            .SetTag("gen_ai.response.model", model)
            .SetTag("gen_ai.response.id", id)
            .SetTag("gen_ai.request.id", id);
        if (tenant.Length > 0) activity.SetTag("folio.tenant", tenant);
    }
}
