using System.Diagnostics;
using System.Text.Json;

namespace Folio.GpuBench;

/// <summary>What else the card's machine has to measure beside: PyTorch, asked by peers.py in the same run.</summary>
internal static class Peers
{
    public static PartEntry Entry { get; } = new("peers", "Peers in the same run", 60, _ => throw new NotSupportedException());

    public static void Run(Options options, TimeSpan time, Action<Result> keep)
    {
        if (options.Parts.Length > 0 && !options.Parts.Contains(Entry.Name)) return;
        Console.WriteLine($"\n== {Entry.Title}");
        string? why = time < TimeSpan.FromSeconds(2) ? "no time was left" : TryRun(options, time < TimeSpan.FromSeconds(Entry.Seconds) ? time : TimeSpan.FromSeconds(Entry.Seconds), keep);
        if (why is not null) keep(new(ResultKind.Missing, "PyTorch") { Part = Entry.Name, Text = why });
    }

    /// <returns>Why there is nothing, or no more.</returns>
    private static string? TryRun(Options options, TimeSpan time, Action<Result> keep)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "peers.py");
        try
        {
            using var process = Process.Start(new ProcessStartInfo("python3", [script, .. options.Tiny ? (string[])["--tiny"] : []]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task reading = Task.Run(() =>
            {
                while (process.StandardOutput.ReadLine() is { } line)
                {
                    if (JsonSerializer.Deserialize(line, ResultJson.Default.Result) is { } result) keep(result with { Part = Entry.Name });
                }
            });
            bool ended = process.WaitForExit(time);
            if (!ended) process.Kill(entireProcessTree: true);
            reading.Wait();
            if (!ended) return "its time was over";
            return process.ExitCode == 0 ? null : errors.Result.Trim().Split('\n')[^1];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "python3 isn't here";
        }
    }
}
