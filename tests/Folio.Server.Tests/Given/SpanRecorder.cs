using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Folio.Server.Tests;

/// <summary>Listens as an application's OpenTelemetry would: to the server's spans and figures.</summary>
public sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _figures = [];
    private readonly ActivityListener _listener;
    private readonly MeterListener _meter = new();

    /// <param name="samples">Which traces are wanted; null: all.</param>
    public SpanRecorder(Func<ActivityContext, bool>? samples = null)
    {
        _listener = new()
        {
            ShouldListenTo = source => source.Name == FolioTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => samples?.Invoke(options.Parent) ?? true ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == FolioTelemetry.MeterName) listener.EnableMeasurementEvents(instrument);
        };
        _meter.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meter.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meter.Start();
    }

    public IReadOnlyCollection<Activity> Spans => _spans;

    /// <summary>The span of the request with that id, once it has ended.</summary>
    public async Task<Activity> SpanAsync(string id)
    {
        await Eventually.TrueAsync(() => _spans.Any(span => (string?)span.GetTagItem("gen_ai.request.id") == id));
        return _spans.Single(span => (string?)span.GetTagItem("gen_ai.request.id") == id);
    }

    /// <summary>What was measured of requests for that model.</summary>
    public IReadOnlyList<(string Name, double Value, Dictionary<string, object?> Tags)> FiguresOf(string model) => [.. _figures.Where(figure => (string?)figure.Tags["gen_ai.request.model"] == model)];

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => _figures.Enqueue((instrument.Name, value, new(tags.ToArray())));
}
