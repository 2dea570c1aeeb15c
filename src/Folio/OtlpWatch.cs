using System.Diagnostics.Tracing;

namespace Folio;

/// <summary>Tells that nothing arrives at the collector, and that it does again: by itself OpenTelemetry's exporter tells neither the log nor the console.</summary>
/// <remarks>
/// Source of names: the exporter's EventSource, whose events of an export have the address first and the reason last (ExportMethodException, which has none, is followed by one that has). Traces and figures have an address each: what is told first stands for both, until both arrive.
/// A collector that comes and goes is told of every <see cref="Pause"/> at most.
/// </remarks>
/// <param name="tell">Told a line, on any thread.</param>
internal sealed class OtlpWatch(Action<string> tell) : EventListener
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol", Success = "ExportSuccess";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private static readonly string[] s_failures =
        ["FailedToReachCollector", "TransientHttpError", "HttpRequestFailed", "OperationUnexpectedlyCanceled", "RequestTimedOut", "GrpcStatusWarning", "ExportFailure", "ResponseDiscardedDueToSizeLimit"];

    private readonly Lock _lock = new();
    private readonly HashSet<string> _failing = []; // addresses
    private long _toldAt = long.MinValue;           // in milliseconds since the system's start
    private bool _isTold;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source) EnableEvents(eventSource, EventLevel.Informational);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        string address = Text(eventData.Payload?.FirstOrDefault());
        if (!Uri.IsWellFormedUriString(address, UriKind.Absolute)) return;
        if (eventData.EventName == Success) Arrived(address);
        else if (s_failures.Contains(eventData.EventName)) Failed(address, Text(eventData.Payload?.LastOrDefault()));
    }

    private void Failed(string address, string reason)
    {
        lock (_lock)
        {
            if (!_failing.Add(address) || _failing.Count > 1) return;
            if (_toldAt != long.MinValue && Environment.TickCount64 - _toldAt < Pause.TotalMilliseconds) return;
            (_toldAt, _isTold) = (Environment.TickCount64, true);
            tell($"warning: traces and figures don't arrive at {address} ({Sentence(reason)}); they are lost until they do, and requests notice nothing.");
        }
    }

    private void Arrived(string address)
    {
        lock (_lock)
        {
            if (!_failing.Remove(address) || _failing.Count > 0 || !_isTold) return;
            _isTold = false;
            tell($"traces and figures arrive at {address} again");
        }
    }

    private static string Text(object? value) => value?.ToString() ?? "";

    /// <summary>An exception's first line, without its type.</summary>
    private static string Sentence(string reason)
    {
        string line = reason.Split('\n')[0].Trim();
        int type = line.StartsWith("System.", StringComparison.Ordinal) ? line.IndexOf(": ", StringComparison.Ordinal) : -1;
        return (type < 0 ? line : line[(type + 2)..]).TrimEnd('.');
    }
}
