using Folio.Engine;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>A line for each station of a request's life, under a category of its own, at the level Debug. Ids, names of tenants and numbers; never a word of a prompt or an answer.</summary>
internal sealed partial class LifecycleLog(ILoggerFactory loggers)
{
    public const string Category = "Folio.Server.Lifecycle";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public bool IsWatched => _logger.IsEnabled(LogLevel.Debug);

    /// <param name="tenant">Who asks: the key's holder or a digest of the user; never the key.</param>
    public void Arrived(string id, string operation, string tenant, int promptTokens, int n) => LogArrived(id, operation, tenant.Length > 0 ? tenant : "-", promptTokens, n);

    /// <param name="waited">Since its arrival.</param>
    public void Happened(string id, in RequestEvent happened, TimeSpan waited)
    {
        if (!IsWatched) return;
        double ms = waited.TotalMilliseconds;
        string reason = StageNames.Reason(happened), mode = StageNames.Mode(happened);
        switch (happened.Stage)
        {
            case RequestStage.Queued:
                LogQueued(id, happened.Tokens, ms);
                break;
            case RequestStage.Admitted:
                LogAdmitted(id, happened.Tokens, ms);
                break;
            case RequestStage.PrefillChunk:
                LogChunk(id, happened.Start, happened.Start + happened.Tokens, ms);
                break;
            case RequestStage.FirstToken:
                LogFirstToken(id, ms);
                break;
            case RequestStage.Preempted:
                LogPreempted(id, reason, mode, happened.Tokens, ms);
                break;
            case RequestStage.Resumed:
                LogResumed(id, mode, ms);
                break;
            default:
                Ended(id, happened.End!, ms);
                break;
        }
    }

    private void Ended(string id, RequestEnd end, double ms)
    {
        string reasons = string.Join(',', StageNames.Of(end.FinishReasons)), error = end.Failure is { } failure ? ErrorKind.Of(failure) : "";
        if (end.QueuedAt == 0) Refused(id, error, ms);
        else if (error.Length > 0) LogFailed(id, error, end.CompletionTokens, ms);
        else if (end.FinishReasons.Contains(FinishReason.Abort)) LogAborted(id, end.CompletionTokens, ms);
        else LogFinished(id, reasons, end.CompletionTokens, ms);
    }

    [LoggerMessage(EventId = 1, EventName = "Arrived", Level = LogLevel.Debug, Message = "{Id} arrived: {Operation} for {Tenant}, {PromptTokens} prompt tokens, n {N}")]
    private partial void LogArrived(string id, string operation, string tenant, int promptTokens, int n);

    [LoggerMessage(EventId = 2, EventName = "GrammarWait", Level = LogLevel.Debug, Message = "{Id} waits for its grammar")]
    public partial void GrammarWait(string id);

    [LoggerMessage(EventId = 3, EventName = "Queued", Level = LogLevel.Debug, Message = "{Id} queued with {PromptTokens} prompt tokens ({Elapsed:0.0} ms)")]
    private partial void LogQueued(string id, int promptTokens, double elapsed);

    [LoggerMessage(EventId = 4, EventName = "Admitted", Level = LogLevel.Debug, Message = "{Id} admitted, {CachedTokens} of its tokens cached ({Elapsed:0.0} ms)")]
    private partial void LogAdmitted(string id, int cachedTokens, double elapsed);

    [LoggerMessage(EventId = 5, EventName = "PrefillChunk", Level = LogLevel.Debug, Message = "{Id} prefill of tokens {Start} to {End} ({Elapsed:0.0} ms)")]
    private partial void LogChunk(string id, int start, int end, double elapsed);

    [LoggerMessage(EventId = 6, EventName = "FirstToken", Level = LogLevel.Debug, Message = "{Id} first token ({Elapsed:0.0} ms)")]
    private partial void LogFirstToken(string id, double elapsed);

    [LoggerMessage(EventId = 7, EventName = "Preempted", Level = LogLevel.Debug, Message = "{Id} preempted for another's {Reason}: {Mode} of {Tokens} tokens ({Elapsed:0.0} ms)")]
    private partial void LogPreempted(string id, string reason, string mode, int tokens, double elapsed);

    [LoggerMessage(EventId = 8, EventName = "Resumed", Level = LogLevel.Debug, Message = "{Id} resumed by {Mode} ({Elapsed:0.0} ms)")]
    private partial void LogResumed(string id, string mode, double elapsed);

    [LoggerMessage(EventId = 9, EventName = "Finished", Level = LogLevel.Debug, Message = "{Id} finished: {Reasons}, {CompletionTokens} tokens ({Elapsed:0.0} ms)")]
    private partial void LogFinished(string id, string reasons, int completionTokens, double elapsed);

    [LoggerMessage(EventId = 10, EventName = "Aborted", Level = LogLevel.Debug, Message = "{Id} aborted after {CompletionTokens} tokens ({Elapsed:0.0} ms)")]
    private partial void LogAborted(string id, int completionTokens, double elapsed);

    [LoggerMessage(EventId = 11, EventName = "Failed", Level = LogLevel.Debug, Message = "{Id} failed: {Error}, after {CompletionTokens} tokens ({Elapsed:0.0} ms)")]
    private partial void LogFailed(string id, string error, int completionTokens, double elapsed);

    [LoggerMessage(EventId = 12, EventName = "Refused", Level = LogLevel.Debug, Message = "{Id} refused: {Error} ({Elapsed:0.0} ms)")]
    public partial void Refused(string id, string error, double elapsed);
}
