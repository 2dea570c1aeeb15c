using System.Diagnostics;
using System.Text.Json;

namespace Folio.GpuBench;

/// <summary>Starts the process of a part's items, and starts another behind the item that broke it.</summary>
/// <param name="program">What to start.</param>
/// <param name="keep">Is given each result as it comes.</param>
internal sealed class PartProcess(string program, Action<Result> keep)
{
    /// <summary>The exit code of a process whose last item broke the card's context.</summary>
    public const int Broken = 3;

    /// <summary>The exit code of a process that has told that there is no card to run on.</summary>
    public const int NoCard = 4;

    private const int LinesKept = 4;

    private bool _hasCard = true;

    /// <param name="argumentsFrom">The arguments for a process that begins with an item.</param>
    /// <returns>Whether there was a card.</returns>
    public bool Run(string part, TimeSpan time, Func<int, string[]> argumentsFrom)
    {
        var watch = Stopwatch.StartNew();
        for (int? from = 0; from is { } first;) from = RunFrom(part, argumentsFrom(first), time - watch.Elapsed);
        return _hasCard;
    }

    /// <returns>The item to go on with; null: there is none, or no time.</returns>
    private int? RunFrom(string part, string[] arguments, TimeSpan time)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = new Queue<string>();
        process.ErrorDataReceived += (_, line) => Keep(errors, line.Data);
        process.BeginErrorReadLine();
        Task<Result?> reading = Task.Run(() => Read(part, process.StandardOutput));
        bool ended = process.WaitForExit(time < TimeSpan.Zero ? TimeSpan.Zero : time);
        if (!ended) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        Result? begun = reading.GetAwaiter().GetResult();
        string name = begun?.Name ?? part;
        if (ended && process.ExitCode == NoCard) _hasCard = false;
        if (ended && process.ExitCode is 0 or NoCard) return null;
        if (!ended)
        {
            Fail(name, "its time was over");
            return null;
        }

        if (process.ExitCode == Broken) Fail(name, "the card's context is broken; the next items run in a new process");
        else lock (errors) Fail(name, $"its process ended with {process.ExitCode}: {string.Join(" / ", errors)}");
        return begun?.Item + 1;

        void Fail(string item, string why) => keep(new(ResultKind.Failure, item) { Part = part, Text = why });
    }

    /// <returns>The last item that was begun.</returns>
    private Result? Read(string part, StreamReader output)
    {
        Result? begun = null;
        while (output.ReadLine() is { } line)
        {
            if (!line.StartsWith('{') || JsonSerializer.Deserialize(line, ResultJson.Default.Result) is not { } result) continue;
            if (result.Kind == ResultKind.Begun) begun = result;
            else keep(result with { Part = part });
        }

        return begun;
    }

    private static void Keep(Queue<string> lines, string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        Console.Error.WriteLine(line);
        lock (lines)
        {
            lines.Enqueue(line.Trim());
            if (lines.Count > LinesKept) lines.Dequeue();
        }
    }
}
