using System.Diagnostics;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Grammars;
using Folio.Paging;

namespace Folio.Engine.Tests;

/// <summary>A request's output is a function of its prompt, its parameters and its seed, bit for bit, never of what else ran beside it or where its keys and values had been.</summary>
public sealed class OneAnswerTests(ITestOutputHelper output)
{
    private const int Requests = 40;

    private static readonly EngineOptions Roomy = new() { BlockSize = 4, NumBlocks = 2000, MaxModelLen = 64, MaxNumSeqs = 64, GrowthTokens = 0, PreemptionMode = PreemptionMode.Recompute };

    private static readonly EngineOptions Small = Roomy with { NumBlocks = 24 };

    private static readonly EngineOptions Coarse = Roomy with { BlockSize = 16, NumBlocks = 9, MaxNumBatchedTokens = 20 };

    private static readonly Grammar s_grammar = Grammar.Sequence(Grammar.Literal("The name of the "), Grammar.Choice(["cat", "dog"]), Grammar.Regex(" is [a-z ]{1,8}"));

    private readonly GenerationRequest[] _requests =
        StormRequests.Draw(seed: 23, Requests, new BlockPool(Small.NumBlocks!.Value, Small.BlockSize), new BlockPool(Coarse.NumBlocks!.Value, Coarse.BlockSize));

    private long _bytesPerToken;
    private DType _kvType;

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.I8)]
    public async Task One_answer_however_it_was_scheduled(DType kvType)
    {
        _kvType = kvType;
        using var folder = new TemporaryFolder();
        EngineOptions host = Small with { PreemptionMode = PreemptionMode.Swap, SwapSpace = 1 << 28 };
        EngineOptions disk = host with { SwapSpace = 0, SwapDirectory = folder.Path, DiskSwapSpace = 1 << 28 };
        string[] alone = await Answers("alone, cache off", Roomy with { EnablePrefixCaching = false }, threads: 1, seen => seen.Cached == 0, together: false);
        EngineOptions tiers = disk with { SwapSpace = 5 * Small.BlockSize * _bytesPerToken, DiskSwapSpace = 5 * Small.BlockSize * _bytesPerToken };

        await Same("together, cold and then warm", Roomy, threads: 1, seen => seen.Copies > 0 && seen.Cached > Requests, rounds: 2);
        await Same("token budget of 7", Roomy with { MaxNumBatchedTokens = 7 }, threads: 1, seen => seen.Copies > 0 && seen.Cached > 0);
        await Same("recompute", Small, threads: 1, seen => seen.Recomputed > Requests / 8 && seen.ToHost + seen.ToDisk == 0);
        await Same("recompute by priority, cache off", Small with { SchedulingPolicy = SchedulingPolicy.Priority, EnablePrefixCaching = false }, threads: 2, seen => seen.Recomputed > Requests / 8);
        await Same("swap to host", host, threads: 1, seen => seen.ToHost > Requests / 8 && seen.Recomputed + seen.ToDisk == 0);
        await Same("swap to disk", disk, threads: 2, seen => seen.ToDisk > Requests / 8 && seen.Recomputed + seen.ToHost == 0);
        await Same("swap to small tiers by priority", tiers with { SchedulingPolicy = SchedulingPolicy.Priority }, threads: 1, seen => seen.ToHost + seen.ToDisk > 0 && seen.Recomputed > 0);
        await Same("auto, fair, blocks of 16", Coarse with { PreemptionMode = PreemptionMode.Auto, SchedulingPolicy = SchedulingPolicy.Fair }, threads: 2, seen => seen.RequestsPreempted > Requests / 8);
        await Same("swap with a warm cache", host with { NumBlocks = 34 }, threads: 2, seen => seen.ToHost > 0, rounds: 2);

        async Task Same(string how, EngineOptions options, int threads, Predicate<Seen> happened, int rounds = 1)
        {
            string[] answers = await Answers(how, options, threads, happened, together: true, rounds);
            for (int i = 0; i < answers.Length; i++) Assert.True(alone[i % Requests] == answers[i], $"{how}, request {i}: {_requests[i % Requests].Sampling}\nalone {alone[i % Requests]}\nnow {answers[i]}");
        }
    }

    private async Task<string[]> Answers(string how, EngineOptions options, int threads, Predicate<Seen> happened, bool together, int rounds = 1)
    {
        var watch = Stopwatch.StartNew();
        using var backend = new CpuBackend(threads);
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, options with { KvCacheType = _kvType });
        _bytesPerToken = engine.Plan.KvBytesPerToken;
        RequestGrammar grammar = await engine.CompileAsync(s_grammar);
        var streams = new GenerationStream[rounds * Requests];
        var answers = new string[rounds * Requests];
        for (int first = 0; first < answers.Length; first += Requests)
        {
            long cachedBefore = engine.Metrics.PrefixCacheHits.Value;
            int[] order = [.. Enumerable.Range(0, Requests)];
            if (first > 0) Array.Reverse(order); // what came last is what a small cache still has
            using (together ? new Standstill(engine) : null)
            {
                foreach (int i in order.Where(_ => together)) streams[first + i] = Submit(i);
            }

            foreach (int i in order) answers[first + i] = AnswerText.Of(await Given.ReadAll(streams[first + i] ??= Submit(i)));
            if (first > 0) Assert.True(engine.Metrics.PrefixCacheHits.Value > cachedBefore, "the warm cache had nothing");
        }

        Seen seen = Seen.Of(engine.Metrics, streams);
        output.WriteLine($"{how}: {watch.Elapsed.TotalSeconds:0.0} s, {engine.Metrics.GenerationTokens.Value} tokens, {engine.Metrics.IterationTokens.CumulativeCounts()[^1]} steps, {seen}");
        Assert.True(happened(seen), $"{how}: {seen}");
        Assert.Equal(streams.Sum(stream => stream.Preemptions.Count), engine.Metrics.Preemptions.Value);
        return answers;

        GenerationStream Submit(int i) => engine.Submit(_requests[i] with { Grammar = i % 4 == 1 && _requests[i].Sampling.AllowedTokenIds is null ? grammar : null });
    }
}
