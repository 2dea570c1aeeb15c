using System.Diagnostics;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Compare;

/// <summary>Several sequences of a prompt in one request (n samples or beams), beside as many requests of one sequence.</summary>
/// <remarks>
/// Plain requests have the same prompts as often as a group has sequences, and the prefix cache on: both ways hold and read the same shared blocks, so that what remains is what groups cost: forks, copies and choices.
/// Decoding is what a run takes longer than one of a single token.
/// </remarks>
internal sealed class GroupRun : IAsyncDisposable
{
    private const int Input = 128, BlockSize = 16, FirstId = 300, LastId = 1300;

    private readonly CpuBackend _backend;
    private readonly LlmEngine _engine;
    private readonly int[][] _prompts;
    private readonly int _width, _tokens;

    public GroupRun(string model, int threads, int prompts, int width, int tokens)
    {
        (_width, _tokens) = (width, tokens);
        _backend = new(threads);
        int blocks = prompts * width * ((Input + tokens) / BlockSize + 2);
        _engine = LlmEngine.Load(model, _backend, new() { NumBlocks = blocks, MaxModelLen = Input + tokens, SwapSpace = 0 });
        var random = new Random(1);
        _prompts = [.. Enumerable.Range(0, prompts).Select(_ => Enumerable.Range(0, Input).Select(_ => random.Next(FirstId, LastId)).ToArray())];
    }

    /// <returns>Tokens a second of groups and of plain requests.</returns>
    public async Task<(double Group, double Plain)> MeasureAsync(bool beams)
    {
        SamplingParams plain = new() { MaxTokens = _tokens, IgnoreEos = true, Temperature = beams ? 0 : 1 };
        SamplingParams group = plain with { N = _width, UseBeamSearch = beams, Temperature = beams ? new SamplingParams().Temperature : 1 };
        int[][] repeated = [.. Enumerable.Repeat(_prompts, _width).SelectMany(prompts => prompts)]; // the first of each come first, and leave their blocks to the others
        await SecondsAsync(_prompts, group with { MaxTokens = 4 });
        return (await SpeedAsync(_prompts, group), await SpeedAsync(repeated, plain));
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _backend.Dispose();
    }

    private async Task<double> SpeedAsync(int[][] prompts, SamplingParams sampling)
    {
        double first = await SecondsAsync(prompts, sampling with { MaxTokens = 1 }), whole = await SecondsAsync(prompts, sampling);
        return _prompts.Length * _width * (_tokens - 1) / (whole - first);
    }

    private async Task<double> SecondsAsync(int[][] prompts, SamplingParams sampling)
    {
        await _engine.ResetPrefixCacheAsync();
        long start = Stopwatch.GetTimestamp();
        GenerationStream[] streams = [.. prompts.Select((prompt, i) => _engine.Submit(new() { Prompt = prompt, Sampling = sampling with { Seed = (long)i * sampling.N } }))];
        await Task.WhenAll(streams.Select(ReadAsync));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task ReadAsync(GenerationStream stream)
    {
        await foreach (GenerationOutput _ in stream) { }
    }
}
