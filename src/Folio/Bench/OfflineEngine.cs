using System.Diagnostics;
using Folio.Engine;
using Folio.Simulation;

namespace Folio.Bench;

/// <summary>What a run in this process took and made.</summary>
/// <param name="Seconds">From the first request to the last token.</param>
/// <param name="Steps">Steps of the engine, and the tokens that they computed: prompt tokens found in the prefix cache are not among them.</param>
/// <param name="PromptTokens">Of all requests.</param>
/// <param name="OutputTokens">Of all sequences.</param>
/// <param name="KeysRead">Tokens whose keys and values were read.</param>
internal sealed record OfflineRun(double Seconds, StepCount Steps, long PromptTokens, long OutputTokens, double KeysRead);

/// <summary>An engine in this process that is given requests all at once.</summary>
internal sealed class OfflineEngine(LlmEngine engine, long seed)
{
    /// <summary>[requests][prefix + input] random ids; the first <paramref name="prefix"/> are equal.</summary>
    public int[][] Prompts(int requests, int input, int prefix)
    {
        Workload workload = ServingWorkload.Random(requests, input, output: 1, prefix, (ulong)seed);
        return [.. workload.Requests.Select((request, i) => RandomPrompts.Ids(request, RandomPrompts.Number((ulong)seed, i), engine.Model.VocabularySize))];
    }

    /// <summary>Runs all requests to their ends, with nothing in the prefix cache at first.</summary>
    public async Task<OfflineRun> RunAsync(int[][] prompts, SamplingParams sampling)
    {
        await engine.ResetPrefixCacheAsync();
        StepCount before = StepCount.Of(engine.Metrics);
        var clock = Stopwatch.StartNew();
        GenerationStream[] streams = [.. prompts.Select((prompt, i) => engine.Submit(new() { Prompt = prompt, Sampling = sampling with { Seed = seed + (long)i * sampling.N } }))];
        int[] outputs = await Task.WhenAll(streams.Select(ReadAsync));
        double seconds = clock.Elapsed.TotalSeconds;
        double keys = streams.Select((stream, i) => ModelWork.KeysRead(stream.PromptTokens, (double)outputs[i] / sampling.N, sampling.N)).Sum();
        return new(seconds, StepCount.Of(engine.Metrics).Since(before), streams.Sum(stream => (long)stream.PromptTokens), outputs.Sum(output => (long)output), keys);
    }

    /// <returns>Tokens of all its sequences.</returns>
    private static async Task<int> ReadAsync(GenerationStream stream)
    {
        await foreach (GenerationOutput _ in stream) { }
        return stream.CompletionTokens;
    }
}
