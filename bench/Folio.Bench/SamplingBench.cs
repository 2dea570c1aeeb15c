using System.Diagnostics;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Bench;

/// <summary>The draws of a step: what the backend does with the rows of logits, and what the host does before where a request asks for penalties.</summary>
internal static class SamplingBench
{
    private const int PromptIds = 1000, OutputIds = 500;
    private const double WarmUpSeconds = 0.3;

    private static readonly (string Name, SampleRequest Request)[] s_ways =
    [
        ("greedy", new(0, Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 1, Position: 0)),
        ("temperature 1", new(0, Temperature: 1, TopK: 0, TopP: 1, MinP: 0, Seed: 1, Position: 0)),
        ("min-p 0.05", new(0, Temperature: 0.8f, TopK: 0, TopP: 1, MinP: 0.05f, Seed: 1, Position: 0)),
        ("top-k 40", new(0, Temperature: 0.8f, TopK: 40, TopP: 1, MinP: 0, Seed: 1, Position: 0)),
        ("top-k 2000", new(0, Temperature: 0.8f, TopK: 2000, TopP: 1, MinP: 0, Seed: 1, Position: 0)),
        ("top-p 0.95", new(0, Temperature: 0.8f, TopK: 0, TopP: 0.95f, MinP: 0, Seed: 1, Position: 0)),
        ("top-k 40, top-p 0.95", new(0, Temperature: 0.8f, TopK: 40, TopP: 0.95f, MinP: 0, Seed: 1, Position: 0)),
    ];

    /// <param name="step">Seconds of a step of a model with as many rows; null: unknown.</param>
    public static void Run(int rows, int vocabulary, int? threads, int repeats, double? step)
    {
        using var backend = new CpuBackend(threads);
        Tensor logits = backend.Allocate(rows, vocabulary);
        float[] values = Logits(vocabulary);
        var results = new int[rows];
        Console.WriteLine($"\n{rows} rows of {vocabulary} logits, normal with deviation 3; {backend.Threads} threads\n| | ms | best ms | ns a row's entry | of a step |\n| --- | ---: | ---: | ---: | ---: |");
        foreach ((string name, SampleRequest request) in s_ways)
        {
            SampleRequest[] requests = [.. Enumerable.Range(0, rows).Select(row => request with { Row = row, Seed = (ulong)row })];
            Report(name, Restore, () => backend.Sample(logits, requests, results));
        }

        var random = new Random(2);
        int[] prompt = [.. Enumerable.Range(0, PromptIds).Select(_ => random.Next(vocabulary))];
        Dictionary<int, int> counts = Enumerable.Range(0, OutputIds).Select(_ => random.Next(vocabulary)).CountBy(id => id).ToDictionary();
        LogitsProcessors penalties = LogitsProcessors.For(new() { RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, PresencePenalty = 0.1f }, prompt, [])!;
        var changes = new LogitChanges(vocabulary);
        Report($"penalties ({PromptIds} ids of prompts, {OutputIds} of answers)", Restore, () =>
        {
            for (int row = 0; row < rows; row++)
            {
                changes.Clear();
                penalties.Collect(changes, [], counts);
                backend.Change(logits, row, changes.List, penalties.Penalties);
            }
        });

        void Restore()
        {
            for (int row = 0; row < rows; row++) values.CopyTo(backend.HostRow(logits, row));
        }

        void Report(string name, Action prepare, Action run)
        {
            (double median, double best) = Time(prepare, run, repeats);
            string share = step is { } whole ? $"{median / whole:P1}" : "";
            Console.WriteLine(FormattableString.Invariant($"| {name} | {median * 1e3:F2} | {best * 1e3:F2} | {best * 1e9 / rows / vocabulary:F3} | {share} |"));
        }
    }

    private static (double Median, double Best) Time(Action prepare, Action run, int repeats)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds;)
        {
            prepare();
            run();
        }

        var seconds = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            prepare();
            long before = Stopwatch.GetTimestamp();
            run();
            seconds[i] = Stopwatch.GetElapsedTime(before).TotalSeconds;
        }

        Array.Sort(seconds);
        return (seconds[repeats / 2], seconds[0]);
    }

    private static float[] Logits(int vocabulary)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => (float)(3 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
