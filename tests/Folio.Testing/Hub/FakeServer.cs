using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Folio.Testing.Hub;

/// <param name="Path">With its query.</param>
public sealed record FakeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);
}

/// <summary>An answer, honest or not: lengths are sent as told.</summary>
public sealed record FakeAnswer(int Status, byte[] Body, params (string Name, string Value)[] Headers)
{
    /// <summary>Bytes of the body after which the connection is cut; null: none.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Bytes of the body after which nothing more is sent, and the connection stays open.</summary>
    public int? SilentAfter { get; init; }

    /// <summary>The pause after each 16 KiB of the body.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>The announced length; null: the body's.</summary>
    public long? Length { get; init; }

    public static FakeAnswer Of(int status, params (string Name, string Value)[] headers) => new(status, [], headers);
}

/// <summary>A small HTTP/1.1 server, one request a connection, that can be told to break any rule.</summary>
public sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FakeRequest, FakeAnswer> _answer;
    private readonly Task _loop;

    public FakeServer(Func<FakeRequest, FakeAnswer> answer)
    {
        _answer = answer;
        _listener.Start();
        _loop = AcceptAsync();
    }

    /// <summary>http://127.0.0.1:port</summary>
    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>What was asked, in the order of arrival.</summary>
    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
    }

    private async Task AcceptAsync()
    {
        var connections = new ConcurrentBag<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                connections.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request) return;
                Requests.Enqueue(request);
                await WriteAsync(stream, request, _answer(request));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The client has left, or the test is over.
            }
        }
    }

    private async Task<FakeRequest?> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        byte[] one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0) return null;
            text.Append((char)one[0]);
        }

        string[] lines = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        return new(first[0], first[1], lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase));
    }

    private async Task WriteAsync(NetworkStream stream, FakeRequest request, FakeAnswer answer)
    {
        const int Piece = 16 << 10;
        var head = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Fake\r\nConnection: close\r\n"));
        if (!answer.Headers.Any(header => header.Name == "Content-Length")) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Length ?? answer.Body.Length}\r\n");
        foreach ((string name, string value) in answer.Headers) head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), _stop.Token);
        if (request.Method == "HEAD") return;

        int end = Math.Min(answer.Body.Length, Math.Min(answer.CutAfter ?? int.MaxValue, answer.SilentAfter ?? int.MaxValue));
        for (int sent = 0; sent < end; sent += Piece)
        {
            await stream.WriteAsync(answer.Body.AsMemory(sent, Math.Min(Piece, end - sent)), _stop.Token);
            if (answer.Pause > TimeSpan.Zero) await Task.Delay(answer.Pause, _stop.Token);
        }

        if (answer.SilentAfter is not null) await Task.Delay(Timeout.Infinite, _stop.Token);
    }
}
