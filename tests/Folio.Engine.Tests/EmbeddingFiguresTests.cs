using System.Collections.Concurrent;
using System.Diagnostics;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models;

namespace Folio.Engine.Tests;

/// <summary>What is counted of embeddings, and what an encoder makes of its options.</summary>
public sealed class EmbeddingFiguresTests
{
    [Fact]
    public async Task Prompt_tokens_are_as_many_as_those_of_all_their_sources_embeddings_among_them()
    {
        await using LlmEngine engine = Given.Engine();
        int[] prompt = [.. Enumerable.Range(1, 30)];
        for (int round = 0; round < 2; round++)
        {
            await engine.EmbedAsync(new EmbeddingRequest { Prompt = prompt });
            await Given.ReadAll(engine.Submit(Given.Request(prompt: 20, maxTokens: 3) with { Prompt = prompt }));
        }

        Assert.Equal(120, engine.Metrics.PromptTokens.Value);
        Assert.True(engine.Metrics.PromptTokensCached.Value > 0);
        Assert.Equal(120, Sum("vllm:prompt_tokens_by_source_total"));
        Assert.Equal(engine.Metrics.PromptTokensCached.Value, Sum("vllm:prompt_tokens_cached_by_source_total"));
        Assert.Equal((120.0, 120.0 - engine.Metrics.PromptTokensCached.Value), (engine.Metrics.PromptLength.Sum, engine.Metrics.ComputedPromptLength.Sum));

        double Sum(string name) => engine.Metrics.All.Where(metric => metric.Name == name).Cast<Counter>().Sum(counter => counter.Value);
    }

    [Fact]
    public async Task A_text_s_time_ends_with_its_own_last_step_not_with_those_before_it_in_the_list()
    {
        int steps = 0;
        await using LlmEngine engine = Given.Engine(budget: 8, options: plain => plain with { SchedulingPolicy = SchedulingPolicy.Priority }, prepare: model => model.BeforeStep = _ =>
        {
            if (steps++ > 0) Thread.Sleep(150);
        });
        EmbeddingRequest slow = new() { Prompt = Enumerable.Range(1, 32).ToArray(), Priority = 1 }, quick = new() { Prompt = new[] { 7, 8 }, Priority = 0 };
        Task<IReadOnlyList<EmbeddingOutput>> embedding;
        var clock = Stopwatch.StartNew();
        using (var still = new Standstill(engine)) embedding = engine.EmbedAsync([slow, quick]);
        await embedding;
        Assert.InRange(engine.Metrics.EndToEnd.Sum, 0.45, 1.6 * clock.Elapsed.TotalSeconds); // twice that, were both counted to the end of the list
    }

    [Fact]
    public async Task Only_the_text_that_fails_is_counted_as_an_error()
    {
        await using LlmEngine engine = Given.Engine(prepare: model => model.Bend = (tokens, row) => row[7] = tokens[0] == 13 ? float.NaN : row[7]);
        EmbeddingRequest[] texts = [.. Enumerable.Range(10, 10).Select(id => new EmbeddingRequest { Prompt = new[] { id, 2 } })];
        await Assert.ThrowsAsync<RequestFailedException>(() => engine.EmbedAsync(texts));
        Assert.Equal((3, 6, 1), ((int)engine.Metrics.FinishedWith(FinishReason.Stop).Value, (int)engine.Metrics.FinishedWith(FinishReason.Abort).Value, (int)engine.Metrics.FinishedWith(null).Value));
    }

    [Fact]
    public void Texts_longer_than_an_encoder_s_context_are_refused_before_memory_is_taken_for_them()
    {
        using var backend = new CpuBackend(threads: 1);
        FolioException refusal = Assert.Throws<FolioException>(() => LlmEngine.Load(TestData.Shared("golden-later", "bert"), backend, new() { MaxModelLen = 100_000_000 }));
        Assert.Equal("--max-model-len (MaxModelLen) is 100000000; this model's context is 200 tokens.", refusal.Message);
    }

    [Fact]
    public void An_encoder_s_blocks_are_counted_without_overflow()
    {
        using ModelSource source = ModelSource.Open(TestData.Shared("golden-later", "bert"));
        EngineOptions options = EncoderOptions.For(new() { MaxNumSeqs = 30_000_000 }, source, TransformerDecoder.Describe(source), DType.F32);
        Assert.Equal(30_600_034, options.NumBlocks); // (512 / 16 + 30,000,000) · 1.02 + 2
    }

    [Fact]
    public async Task What_an_encoder_has_no_use_for_is_said_and_nothing_where_nothing_was_asked()
    {
        string folder = TestData.Shared("golden-later", "bert");
        var warnings = new ConcurrentQueue<string>();
        using var backend = new CpuBackend(threads: 1);
        await using (LlmEngine _ = LlmEngine.Load(folder, backend, new() { Warning = warnings.Enqueue })) Assert.Empty(warnings);
        await using (LlmEngine _ = LlmEngine.Load(folder, backend, new() { NumBlocks = 9, KvCacheType = DType.I8, SwapSpace = 1 << 20, Warning = warnings.Enqueue })) { }
        Assert.Equal($"{folder}: an encoder keeps nothing from step to step, so --num-blocks (NumBlocks), --kv-cache-dtype (KvCacheType), --swap-space (SwapSpace) have no effect.", Assert.Single(warnings));
    }
}
