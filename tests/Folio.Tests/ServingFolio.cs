using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Folio.Tests;

/// <summary>A running `folio serve` on a free port.</summary>
internal sealed partial class ServingFolio : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;

    private ServingFolio(Process process, Uri url, string startup)
    {
        _process = process;
        Url = url;
        Startup = startup;
        Client = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>http://127.0.0.1:port</summary>
    public Uri Url { get; }

    /// <summary>What it printed until it served.</summary>
    public string Startup { get; }

    public HttpClient Client { get; }

    public static Task<ServingFolio> StartAsync(params string[] arguments) => StartAsync(new Dictionary<string, string>(), arguments);

    public static async Task<ServingFolio> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        Process process = Command.Start(Command.Program("folio"), ["serve", .. arguments, "--port", "0"], environment: environment);
        var startup = new StringBuilder();
        const string Mark = " is served at ";
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            startup.AppendLine(line);
            if (!line.Contains(Mark)) continue;
            startup.AppendLine(await process.StandardError.ReadLineAsync()); // the page's address
            return new(process, new Uri(line[(line.IndexOf(Mark) + Mark.Length)..].Replace("/v1", "")), startup.ToString());
        }

        throw new InvalidOperationException($"folio serve ended: {startup}");
    }

    /// <summary>The next line that it prints; null: it has ended.</summary>
    public async Task<string?> LineAsync() => await _process.StandardError.ReadLineAsync();

    /// <summary>What it prints to its end.</summary>
    public async Task<string> RestAsync() => await _process.StandardError.ReadToEndAsync();

    /// <summary>Its log, to its end.</summary>
    public async Task<string> LogAsync() => await _process.StandardOutput.ReadToEndAsync();

    /// <summary>Sends SIGTERM.</summary>
    public void Signal() => Assert.Equal(0, Kill(_process.Id, SigTerm));

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        Signal();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
