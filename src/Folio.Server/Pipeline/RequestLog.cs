using System.Globalization;
using Folio.Engine;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>One line for each request that was accepted and has ended, under its own category: what it took and how long; and one more where it was preempted.</summary>
/// <param name="loggers">Where lines go.</param>
/// <param name="served">Whose name traces have.</param>
internal sealed partial class RequestLog(ILoggerFactory loggers, ServedModel served)
{
    public const string Category = "Folio.Server.Requests";

    private readonly ILogger _logger = loggers.CreateLogger(Category);
    private readonly LifecycleLog _lifecycle = new(loggers);

    /// <summary>A request has arrived.</summary>
    /// <param name="operation">One of <see cref="GenAiOperation"/>.</param>
    /// <returns>Told what becomes of it; null: nobody looks.</returns>
    public RequestTelemetry? Begin(string operation, string id, IReadOnlyList<Prompt> prompts, SamplingParams sampling, Caller caller) =>
        RequestTelemetry.Begin(_lifecycle, operation, served.Names[0], id, prompts, sampling, caller);

    /// <summary>Texts to be embedded have arrived.</summary>
    /// <returns>Told what becomes of them; null: nobody looks.</returns>
    public RequestTelemetry? Begin(string id, EmbeddingsRequest request) => RequestTelemetry.Begin(_lifecycle, served.Names[0], id, request);

    /// <param name="id">The answer's id.</param>
    /// <param name="prompts">One stream for each of the request's prompts.</param>
    /// <param name="firstOutput">From the request's acceptance to its first token; null: there was none.</param>
    /// <param name="total">From its acceptance to its end.</param>
    /// <param name="cutOff">It was cancelled or failed before its end.</param>
    public void Ended(string id, IReadOnlyList<GenerationStream> prompts, TimeSpan? firstOutput, TimeSpan total, bool cutOff)
    {
        if (!_logger.IsEnabled(LogLevel.Information)) return;
        int promptTokens = prompts.Sum(stream => stream.PromptTokens), cached = prompts.Sum(stream => stream.CachedTokens), completion = prompts.Sum(stream => stream.CompletionTokens);
        PreemptionTally preempted = prompts.Aggregate(default(PreemptionTally), (sum, stream) => sum + stream.Preemptions);
        string outcome = cutOff ? "cut off" : "answered", first = firstOutput is { } time ? Milliseconds(time) : "none", whole = Milliseconds(total);
        LogEnded(id, outcome, promptTokens, cached, completion, preempted.Count, first, whole);
        if (preempted.Count > 0) LogPreempted(id, preempted.Tokens, preempted.ForDecode, preempted.ForPrefill, preempted.Recomputed, preempted.SwappedToHost, preempted.SwappedToDisk);
    }

    /// <param name="texts">How many were to be embedded.</param>
    /// <param name="outputs">Those of all texts; none, where the request was cancelled or failed.</param>
    public void Embedded(string id, int texts, IReadOnlyList<EmbeddingOutput> outputs, TimeSpan total)
    {
        if (!_logger.IsEnabled(LogLevel.Information)) return;
        int tokens = outputs.Sum(output => output.PromptTokens), cached = outputs.Sum(output => output.CachedTokens), preemptions = outputs.Sum(output => output.Preemptions.Count);
        string outcome = outputs.Count == 0 ? "cut off" : "answered", whole = Milliseconds(total);
        LogEmbedded(id, outcome, texts, tokens, cached, preemptions, whole);
    }

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms");

    [LoggerMessage(
        EventId = 21,
        EventName = "RequestEnded",
        Level = LogLevel.Information,
        Message = "{Id} {Outcome}: {PromptTokens} prompt tokens ({CachedTokens} cached), {CompletionTokens} generated, preemptions {Preemptions}; first token {FirstToken}, total {Total}")]
    private partial void LogEnded(string id, string outcome, int promptTokens, int cachedTokens, int completionTokens, int preemptions, string firstToken, string total);

    [LoggerMessage(
        EventId = 22,
        EventName = "EmbeddingEnded",
        Level = LogLevel.Information,
        Message = "{Id} {Outcome}: {Texts} texts embedded, {PromptTokens} tokens ({CachedTokens} cached), preemptions {Preemptions}; total {Total}")]
    private partial void LogEmbedded(string id, string outcome, int texts, int promptTokens, int cachedTokens, int preemptions, string total);

    [LoggerMessage(
        EventId = 23,
        EventName = "RequestPreempted",
        Level = LogLevel.Information,
        Message = "{Id} preempted at the cost of {Tokens} tokens: for others' next tokens {ForDecode} times, for others' prompts {ForPrefill}; computed again {Recomputed} times, kept in memory {Host}, on disk {Disk}")]
    private partial void LogPreempted(string id, long tokens, int forDecode, int forPrefill, int recomputed, int host, int disk);
}
