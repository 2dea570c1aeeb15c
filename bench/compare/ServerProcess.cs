using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Folio.Compare;

/// <summary>A server that runs for one measurement, on a free port of this machine.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <param name="arguments">Given the port.</param>
    public ServerProcess(string program, Func<int, IEnumerable<string>> arguments)
    {
        int port = FreePort();
        string[] words = [.. arguments(port)];
        Address = $"http://127.0.0.1:{port}";
        Command = ChildProcess.Command(program, words.Where(word => word != $"{port}" && word != "--port"));
        _process = ChildProcess.Start(program, words);
        _errors = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }

    public string Address { get; }

    public string Command { get; }

    /// <summary>The most memory that it has had resident, in bytes.</summary>
    public double PeakMemory
    {
        get
        {
            string line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return 1024 * double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
    }

    /// <param name="part">Of a file's path.</param>
    public bool Maps(string part) => File.ReadLines($"/proc/{_process.Id}/maps").Any(line => line.Contains(part, StringComparison.Ordinal));

    /// <summary>Waits until it answers.</summary>
    public async Task ReadyAsync()
    {
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await s_http.GetAsync($"{Address}/health");
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // It doesn't listen yet.
            }

            if (_process.HasExited) throw ChildProcess.Failed(_process, await _errors);
            if (Stopwatch.GetElapsedTime(_started) > s_patience) throw new FolioException($"{Command} doesn't answer after {s_patience.TotalMinutes} minutes.");
            await Task.Delay(2);
        }
    }

    /// <returns>Seconds from the process's start to the first token of a completion.</returns>
    public async Task<double> TimeToFirstTokenAsync()
    {
        await ReadyAsync();
        const string body = """{"model":"","prompt":"Once upon a time","max_tokens":1,"temperature":0,"ignore_eos":true,"stream":true}""";
        using var content = new StringContent(body.Replace("\"\"", $"\"{await ModelAsync()}\"", StringComparison.Ordinal), Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Address}/v1/completions") { Content = content };
        using HttpResponseMessage answer = await s_http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using Stream stream = await answer.Content.ReadAsStreamAsync();
        int read = await stream.ReadAsync(new byte[64]);
        double seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        return answer.IsSuccessStatusCode && read > 0 ? seconds : throw new FolioException($"{Command} refused a completion (HTTP {(int)answer.StatusCode}).");
    }

    public void Dispose() => ChildProcess.End(_process);

    private async Task<string> ModelAsync()
    {
        using var models = System.Text.Json.JsonDocument.Parse(await s_http.GetStringAsync($"{Address}/v1/models"));
        return models.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
