using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Folio.Tests;

/// <summary>An OpenTelemetry collector for OTLP over HTTP: keeps what it is sent.</summary>
/// <remarks>Source of field numbers: opentelemetry-proto, collector/{trace,metrics}/v1, trace/v1, metrics/v1, common/v1.</remarks>
internal sealed class Collector : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, ProtoMessage Body)> _received = [];

    /// <param name="url">Null: at a port of its own.</param>
    public Collector(string? url = null)
    {
        Url = url ?? FreeUrl();
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = ListenAsync();
    }

    public string Url { get; }

    /// <summary>An address at which nobody listens.</summary>
    public static string FreeUrl()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
    }

    public IEnumerable<string> Paths => _received.Select(sent => sent.Path);

    /// <summary>Header values of the requests.</summary>
    public ConcurrentQueue<string?> Authorizations { get; } = [];

    public IEnumerable<Span> Spans => _received.Where(sent => sent.Path == "/v1/traces").SelectMany(sent => sent.Body.At(1, 2, 2)).Select(span => new Span(span));

    public IEnumerable<ProtoMessage> Metrics => _received.Where(sent => sent.Path == "/v1/metrics").SelectMany(sent => sent.Body.At(1, 2, 2));

    /// <summary>Attributes of whoever sent spans.</summary>
    public Dictionary<string, object> Resource => Attributes(_received.First(sent => sent.Path == "/v1/traces").Body.At(1, 1).First().All(1));

    public static Dictionary<string, object> Attributes(IEnumerable<ProtoMessage> pairs) => pairs.ToDictionary(pair => pair.Text(1), pair => Value(pair.All(2).Single()));

    public void Dispose() => _listener.Close();

    private static object Value(ProtoMessage any) =>
        any.Has(1) ? any.Text(1)
        : any.Has(2) ? any.Number(2) == 1
        : any.Has(3) ? (long)any.Number(3)
        : any.Has(4) ? any.Double(4)
        : any.At(5, 1).Select(Value).ToArray();

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Authorizations.Enqueue(context.Request.Headers["Authorization"]);
                _received.Enqueue((context.Request.Url!.AbsolutePath, new(body.ToArray())));
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // closed
        }
    }
}

/// <summary>A span as it was sent.</summary>
internal sealed class Span(ProtoMessage message)
{
    public string TraceId => message.Hex(1);

    public string ParentId => message.Hex(4);

    public string Name => message.Text(5);

    /// <summary>2: a server's.</summary>
    public ulong Kind => message.Number(6);

    public DateTimeOffset Start => Time(message.Number(7));

    public DateTimeOffset End => Time(message.Number(8));

    public Dictionary<string, object> Attributes => Collector.Attributes(message.All(9));

    public IReadOnlyList<(string Name, DateTimeOffset At, Dictionary<string, object> Attributes)> Events => [.. message.All(11).Select(one => (one.Text(2), Time(one.Number(1)), Collector.Attributes(one.All(3))))];

    /// <summary>2: an error.</summary>
    public ulong Status => message.All(15).FirstOrDefault()?.Number(3) ?? 0;

    private static DateTimeOffset Time(ulong nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));
}
