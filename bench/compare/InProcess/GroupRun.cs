using System.Diagnostics;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Compare;

/// <summary>Several sequences of a prompt in one request (n samples or beams), beside as many requests of one sequence.</summary>
/// <remarks>
/// Plain requests have the same prompts as often as a group has sequences, and the prefix cache on: both ways hold and read the same shared blocks, so that what remains is what groups cost: forks, copies and choices.
/// Prompts aren't timed: they are computed as fast as they can be, and the clock runs over the steps in which every sequence decodes.
/// </remarks>
internal sealed class GroupRun : IAsyncDisposable
{
    private const int Input = 128, BlockSize = 16, FirstId = 300, LastId = 1300, WarmUpTokens = 8;

    private readonly CpuBackend _backend;
    private readonly LlmEngine _engine;
    private readonly int[][] _prompts;
    private readonly int _width, _tokens;

    public GroupRun(string model, int threads, int prompts, int width, int tokens)
    {
        (_width, _tokens) = (width, tokens);
        _backend = new(threads);
        int blocks = prompts * width * ((Input + tokens) / BlockSize + 2);
        _engine = LlmEngine.Load(model, _backend, new()
        {
            NumBlocks = blocks,
            MaxModelLen = Input + tokens,
            SwapSpace = 0,
            MaxNumSeqs = prompts * width,
            MaxPrefillStall = null,
            MaxNumBatchedTokens = prompts * Math.Max(Input, width * (BlockSize + 1)), // the prompts in a step, and what their repetitions don't find cached in another
        });
        var random = new Random(1);
        _prompts = [.. Enumerable.Range(0, prompts).Select(_ => Enumerable.Range(0, Input).Select(_ => random.Next(FirstId, LastId)).ToArray())];
    }

    /// <param name="plainFirst">Whoever comes second may find a warmer or a more throttled machine.</param>
    /// <returns>Tokens a second of groups and of plain requests.</returns>
    public async Task<(double Group, double Plain)> MeasureAsync(bool beams, bool plainFirst)
    {
        SamplingParams plain = new() { MaxTokens = _tokens, IgnoreEos = true, Temperature = beams ? 0 : 1 };
        SamplingParams group = plain with { N = _width, UseBeamSearch = beams, Temperature = beams ? new SamplingParams().Temperature : 1 };
        int[][] repeated = [.. Enumerable.Repeat(_prompts, _width).SelectMany(prompts => prompts)]; // the first of each come first, and leave their blocks to the others
        foreach ((int[][] prompts, SamplingParams sampling) in ((int[][], SamplingParams)[])[(_prompts, group), (repeated, plain)])
        {
            await _engine.ResetPrefixCacheAsync();
            await Submit(prompts, sampling with { MaxTokens = WarmUpTokens });
        }

        double plainSpeed = plainFirst ? await SpeedAsync(repeated, plain) : 0;
        double groupSpeed = await SpeedAsync(_prompts, group);
        return (groupSpeed, plainFirst ? plainSpeed : await SpeedAsync(repeated, plain));
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _backend.Dispose();
    }

    private async Task<double> SpeedAsync(int[][] prompts, SamplingParams sampling)
    {
        await _engine.ResetPrefixCacheAsync();
        Histogram rowsOfSteps = _engine.Metrics.IterationTokens; // observed as a step begins
        int sequences = _prompts.Length * _width;
        Task answers = Submit(prompts, sampling);
        double seen = rowsOfSteps.Sum;
        (double Rows, long At) first = default, last = default;
        while (!answers.IsCompleted)
        {
            Thread.Sleep(1); // a step takes tens of these
            double rows = rowsOfSteps.Sum, grown = rows - seen;
            if (grown == 0) continue;
            seen = rows;
            bool decoding = last.Rows > first.Rows;
            if (grown == sequences || (decoding && grown % sequences == 0))
            {
                last = (rows, Stopwatch.GetTimestamp());
                if (first.At == 0) first = last;
            }
            else if (decoding) break; // some have ended
            else first = last = default; // it was prompts that had as many rows
        }

        await answers;
        if (last.Rows == first.Rows) throw new FolioException($"there was no moment at which all {sequences} sequences decoded; more --tokens are needed.");
        return (last.Rows - first.Rows) / Stopwatch.GetElapsedTime(first.At, last.At).TotalSeconds;
    }

    private Task Submit(int[][] prompts, SamplingParams sampling) =>
        Task.WhenAll(prompts.Select((prompt, i) => _engine.Submit(new() { Prompt = prompt, Sampling = sampling with { Seed = (long)i * sampling.N } })).ToArray().Select(ReadAsync));

    private static async Task ReadAsync(GenerationStream stream)
    {
        await foreach (GenerationOutput _ in stream) { }
    }
}
