using Folio.Engine;
using Folio.Grammars;

namespace Folio.Server;

/// <summary>Errors by their kind, for traces and figures: few words, and none of anybody's.</summary>
internal static class ErrorKind
{
    public const string Cancelled = "cancelled";

    private const string QueueFull = "queue_full", InvalidRequest = "invalid_request";

    public static string Of(Exception error) => error switch
    {
        OperationCanceledException => Cancelled,
        QueueFullException => QueueFull,
        EngineUnavailableException or ObjectDisposedException => "engine_unavailable",
        RoomPinnedException => "room_pinned",
        RequestException or GrammarException => InvalidRequest,
        ApiException { Status: >= 400 and < 500 } => InvalidRequest,
        _ => "request_failed",
    };

    /// <returns>Null: it was answered.</returns>
    public static string? Of(RequestEnd end) => end.Failure is { } failure ? Of(failure) : end.FinishReasons.Contains(FinishReason.Abort) ? Cancelled : null;

    /// <summary>Whether it is this server's, and none of its client's: what is answered by 5xx. The others leave a server's span without the status of an error.</summary>
    /// <remarks>Source: OpenTelemetry's semantic conventions, docs/http/http-spans.md, "Status".</remarks>
    public static bool IsServers(string kind) => kind is not (Cancelled or QueueFull or InvalidRequest);
}
