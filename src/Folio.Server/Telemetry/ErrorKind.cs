using Folio.Engine;
using Folio.Grammars;

namespace Folio.Server;

/// <summary>Errors by their kind, for traces and figures: few words, and none of anybody's.</summary>
internal static class ErrorKind
{
    public const string Cancelled = "cancelled";

    public static string Of(Exception error) => error switch
    {
        OperationCanceledException => Cancelled,
        QueueFullException => "queue_full",
        EngineUnavailableException or ObjectDisposedException => "engine_unavailable",
        RoomPinnedException => "room_pinned",
        RequestException or GrammarException => "invalid_request",
        ApiException { Status: >= 400 and < 500 } => "invalid_request",
        _ => "request_failed",
    };
}
