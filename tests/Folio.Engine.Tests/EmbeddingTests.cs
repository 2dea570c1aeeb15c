using System.Text.Json;
using Folio.Compute.Cpu;
using Folio.Formats;


namespace Folio.Engine.Tests;

public sealed class EmbeddingTests(ITestOutputHelper output)
{
    private const int Texts = 60, Vocabulary = 8180;

    private static readonly EngineOptions Roomy = new() { BlockSize = 4, NumBlocks = 2000, MaxModelLen = 64, MaxNumSeqs = 64, GrowthTokens = 0, PreemptionMode = PreemptionMode.Recompute };

    [Theory]
    [InlineData(PoolingKind.Last)]
    [InlineData(PoolingKind.Mean)]
    [InlineData(PoolingKind.Cls)]
    public async Task A_decoder_s_embedding_has_the_same_bits_however_it_was_scheduled(PoolingKind pooling)
    {
        EmbeddingRequest[] texts = RandomTexts(seed: 5, Vocabulary, longest: 48);
        string[] alone = await Embeddings("alone", Roomy with { Pooling = pooling, EnablePrefixCaching = false }, threads: 1, texts, together: false);

        await Same("together, cold and warm", Roomy, threads: 1, rounds: 2);
        await Same("token budget of 7", Roomy with { MaxNumBatchedTokens = 7 }, threads: 1);
        await Same("preempted", Roomy with { NumBlocks = 18, MaxNumBatchedTokens = 30 }, threads: 2, beside: 6);
        await Same("swapped, fair", Roomy with { NumBlocks = 18, PreemptionMode = PreemptionMode.Swap, SwapSpace = 1 << 26, MaxNumBatchedTokens = 30, SchedulingPolicy = SchedulingPolicy.Fair }, threads: 1, beside: 6);

        async Task Same(string how, EngineOptions options, int threads, int rounds = 1, int beside = 0)
        {
            string[] now = await Embeddings(how, options with { Pooling = pooling }, threads, texts, together: true, rounds, beside);
            for (int i = 0; i < now.Length; i++) Assert.True(alone[i % Texts] == now[i], $"{how}, text {i}");
        }
    }

    [Fact]
    public async Task An_encoder_s_embeddings_equal_the_reference_all_at_once_and_one_by_one()
    {
        string folder = TestData.Shared("golden-later", "bert");
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        JsonElement[] cases = [.. expected.RootElement.GetProperty("cases").EnumerateArray().Where(item => item.GetProperty("token_type_ids").EnumerateArray().All(type => type.GetInt32() == 0))];
        EmbeddingRequest[] texts = [.. cases.Select(item => new EmbeddingRequest { Prompt = Ints(item.GetProperty("input_ids")) })];
        using var backend = new CpuBackend(threads: 2);
        await using LlmEngine engine = LlmEngine.Load(folder, backend, new() { MaxNumBatchedTokens = 20 });
        Assert.Equal((false, PoolingKind.Mean, 64, 200), (engine.Model.Generates, engine.Model.Pooling, engine.Model.EmbeddingSize, engine.Model.MaxModelLen));

        IReadOnlyList<EmbeddingOutput> together = await engine.EmbedAsync(texts);
        for (int i = 0; i < cases.Length; i++)
        {
            float[] reference = [.. cases[i].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
            Assert.True(reference.Zip(together[i].Vector, (a, b) => MathF.Abs(a - b)).Max() < 1e-5, $"case {i}");
            Assert.Equal(together[i].Vector, (await engine.EmbedAsync(texts[i])).Vector);
            Assert.Equal(1, together[i].Vector.Sum(value => (double)value * value), 1e-6);
        }

        Assert.Equal(0, engine.Metrics.KvCacheUsage.Value);
    }

    [Fact]
    public async Task An_encoder_s_embedding_has_the_same_bits_in_every_company()
    {
        string folder = TestData.Shared("golden-later", "bert");
        EmbeddingRequest[] texts = RandomTexts(seed: 8, vocabulary: 400, longest: 200);
        string[] alone = await Embeddings("alone", new(), threads: 1, texts, together: false, model: folder);
        foreach (EngineOptions options in (EngineOptions[])[new(), new() { MaxNumBatchedTokens = 1 }, new() { MaxNumSeqs = 3 }, new() { BlockSize = 7, SchedulingPolicy = SchedulingPolicy.Priority }])
        {
            Assert.Equal(alone, await Embeddings($"{options.MaxNumBatchedTokens} tokens, {options.MaxNumSeqs} sequences", options, threads: 2, texts, together: true, model: folder));
        }
    }

    [Fact]
    public async Task All_MiniLM_L6_v2_embeds_the_reference_texts_as_the_reference_does()
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(TestData.Shared("golden", "minilm", "expected.json")));
        string? folder = Environment.GetEnvironmentVariable("FOLIO_MINILM");
        if (string.IsNullOrEmpty(folder)) Assert.Skip("FOLIO_MINILM names no folder with all-MiniLM-L6-v2 (config.json, tokenizer.json, model.safetensors)");
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(folder, backend, new() { MaxModelLen = 256 });
        double worst = 0, leastCosine = 1;
        foreach (JsonElement item in expected.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] ids = engine.Model.Tokenizer!.EncodeFirst(item.GetProperty("text").GetString()!, most: 256, addSpecialTokens: true);
            Assert.Equal(Ints(item.GetProperty("input_ids")), ids);
            float[] vector = (await engine.EmbedAsync(new EmbeddingRequest { Prompt = ids })).Vector;
            float[] reference = [.. item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
            worst = Math.Max(worst, reference.Zip(vector, (a, b) => Math.Abs(a - b)).Max());
            leastCosine = Math.Min(leastCosine, reference.Zip(vector, (a, b) => (double)a * b).Sum() / Math.Sqrt(reference.Sum(a => (double)a * a)));
        }

        output.WriteLine($"largest difference {worst:e2}, least cosine {leastCosine:0.00000000}");
        Assert.True(worst < 5e-6, $"a value is off by {worst}"); // the reference has six decimals
    }

    [Fact]
    public async Task What_can_t_be_embedded_is_refused_with_the_numbers()
    {
        await using LlmEngine engine = Given.Engine(maxModelLen: 20);
        await Refused("the input is empty; it must have at least one token.", new() { Prompt = Array.Empty<int>() });
        await Refused("This model's maximum context length is 20 tokens. However, your input has 21 tokens. Please reduce the length of the input.", new() { Prompt = new int[21] });
        await Refused("input has token id 40; this model's ids are 0 to 39.", new() { Prompt = new[] { 1, 40 } });
        await Refused("dimensions must be in [1, 40], got 41.", new() { Prompt = new[] { 1 }, Dimensions = 41 });
        await Refused("Model \"stub\" does not support matryoshka representation, changing output dimensions will lead to poor results: its embeddings have 40 values.", new() { Prompt = new[] { 1 }, Dimensions = 8 });
        Assert.Equal(20, (await engine.EmbedAsync(new EmbeddingRequest { Prompt = new int[20], Dimensions = 40 })).PromptTokens); // the whole context: nothing is generated

        async Task Refused(string message, EmbeddingRequest request) => Assert.Equal(message, (await Assert.ThrowsAsync<RequestException>(() => engine.EmbedAsync(request))).Message);
    }

    [Fact]
    public async Task A_model_made_for_it_gives_a_vector_s_beginning_at_length_one()
    {
        ModelInfo info = new()
        {
            Name = "stub",
            Path = "stub",
            Architecture = "stub",
            VocabularySize = 40,
            MaxModelLen = 50,
            EosTokenIds = [0],
            Defaults = new(),
            EmbeddingSize = 40,
            IsMatryoshka = true,
            MatryoshkaDimensions = [8, 16],
        };
        await using LlmEngine engine = Given.Engine(info, new StubModel(100, 4), 100, 4);
        float[] whole = (await engine.EmbedAsync(new EmbeddingRequest { Prompt = new[] { 3, 4 } })).Vector, part = (await engine.EmbedAsync(new EmbeddingRequest { Prompt = new[] { 3, 4 }, Dimensions = 8 })).Vector;
        float length = MathF.Sqrt(whole[..8].Sum(value => value * value));
        Assert.Equal(whole[..8].Select(value => value / length), part, (a, b) => MathF.Abs(a - b) < 1e-6);
        Assert.Equal("dimensions is 9; this model's embeddings may have 8, 16.", (await Assert.ThrowsAsync<RequestException>(() => engine.EmbedAsync(new EmbeddingRequest { Prompt = new[] { 3 }, Dimensions = 9 }))).Message);

        float[] raw = (await engine.EmbedAsync(new EmbeddingRequest { Prompt = new[] { 3, 4 }, Normalize = false })).Vector;
        Assert.Equal(new StubModel(1, 4).LogitsAfter([3, 4]), raw);
    }

    [Fact]
    public async Task A_cancelled_embedding_leaves_nothing_behind_in_whatever_state_it_was()
    {
        using var started = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        await using LlmEngine engine = Given.Engine(blocks: 60, budget: 8, prepare: model => model.BeforeStep = _ =>
        {
            started.Set();
            goOn.Wait();
        });
        using var leaving = new CancellationTokenSource();
        Task<IReadOnlyList<EmbeddingOutput>> embedding = engine.EmbedAsync([.. Enumerable.Range(0, 30).Select(i => new EmbeddingRequest { Prompt = Enumerable.Range(1, 30).ToArray() })], leaving.Token);
        started.Wait(); // some wait, some are inside their prompt
        await leaving.CancelAsync();
        goOn.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => embedding);
        await Given.Until(() => engine.InFlight == 0);
        await engine.LookAsync();
        Assert.Equal((0, 0, 0.0), (engine.Scheduler.Running, engine.Scheduler.Waiting, engine.Scheduler.KvCacheUsage));
    }

    [Fact]
    public async Task A_list_longer_than_the_queue_waits_for_its_own_and_is_refused_where_others_fill_it()
    {
        await using LlmEngine engine = Given.Engine(options: options => options with { MaxWaitingRequests = 3 });
        EmbeddingRequest[] texts = [.. Enumerable.Range(1, 30).Select(id => new EmbeddingRequest { Prompt = new[] { id } })];
        Assert.Equal(30, (await engine.EmbedAsync(texts)).Count);
        using (var still = new Standstill(engine))
        {
            GenerationStream[] others = [.. Enumerable.Range(0, 3).Select(_ => engine.Submit(Given.Request(prompt: 5, maxTokens: 2)))];
            await Assert.ThrowsAsync<QueueFullException>(() => engine.EmbedAsync(texts));
        }

        await Given.Until(() => engine.InFlight == 0);
        Assert.Equal(1, engine.Metrics.TooManyRequests.Value);
    }

    /// <summary>Lists that fill the queue for each other: a text's place may be taken while the list's own earlier ones are done.</summary>
    [Fact]
    public async Task A_list_that_was_let_in_is_embedded_to_its_end_whoever_fills_the_queue()
    {
        await using LlmEngine engine = Given.Engine(options: options => options with { MaxWaitingRequests = 1 });
        EmbeddingRequest[] texts = [.. Enumerable.Range(1, 30).Select(id => new EmbeddingRequest { Prompt = new[] { id } })];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(EmbedAsync))).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((0, 0), (engine.InFlight, engine.Scheduler.Waiting));

        async Task EmbedAsync()
        {
            for (int done = 0; done < 5;)
            {
                Task<IReadOnlyList<EmbeddingOutput>> embedding = engine.EmbedAsync(texts);
                if (embedding.Exception?.InnerException is QueueFullException)
                {
                    await Task.Delay(1); // refused at the door
                    continue;
                }

                Assert.Equal(texts.Length, (await embedding).Count);
                done++;
            }
        }
    }

    [Fact]
    public async Task States_that_are_not_numbers_fail_their_own_text_alone()
    {
        await using LlmEngine engine = Given.Engine(prepare: model => model.Bend = (tokens, row) => row[7] = tokens[0] == 13 ? float.NaN : row[7]);
        Task<EmbeddingOutput> bad = engine.EmbedAsync(new EmbeddingRequest { Prompt = new[] { 13, 2 } }), good = engine.EmbedAsync(new EmbeddingRequest { Prompt = new[] { 12, 2 } });
        Assert.Equal("no embedding can be made: the model's states are not numbers", (await Assert.ThrowsAsync<RequestFailedException>(() => bad)).Message);
        Assert.Equal(40, (await good).Vector.Length);
    }

    [Fact]
    public async Task A_decoder_saved_without_its_head_embeds_as_it_did_with_it()
    {
        string folder = TestData.Shared("golden", "llama");
        using var bare = new TemporaryFolder();
        foreach (string file in (string[])["config.json", "model.safetensors"]) File.Copy(Path.Combine(folder, file), Path.Combine(bare.Path, file));
        string config = Path.Combine(bare.Path, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("LlamaForCausalLM", "LlamaModel"));
        EmbeddingRequest text = new() { Prompt = new[] { 5, 6, 7, 8 } };
        using var backend = new CpuBackend(threads: 1);
        await using LlmEngine whole = LlmEngine.Load(folder, backend, new() { NumBlocks = 16 }), headless = LlmEngine.Load(bare.Path, backend, new() { NumBlocks = 16 });
        Assert.Equal((true, false, false), (whole.Model.Generates, headless.Model.Generates, headless.Model.IsEncoder));
        Assert.Equal((await whole.EmbedAsync(text)).Vector, (await headless.EmbedAsync(text)).Vector);
        Assert.Throws<RequestException>(() => headless.Submit(new() { Prompt = new[] { 1, 2 } }));
    }

    [Fact]
    public async Task An_encoder_continues_no_prompts()
    {
        using var backend = new CpuBackend(threads: 1);
        await using LlmEngine engine = LlmEngine.Load(TestData.Shared("golden-later", "bert"), backend);
        Assert.Equal("The model bert makes embeddings of texts and can't continue them.", Assert.Throws<RequestException>(() => engine.Submit(new() { Prompt = new[] { 1, 2 } })).Message);
    }

    /// <summary>Texts many of which begin alike, some of them equal.</summary>
    private static EmbeddingRequest[] RandomTexts(int seed, int vocabulary, int longest)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Texts).Select(_ =>
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(1, longest + 1)).Select(_ => random.Next(1, vocabulary))];
            var beginning = new Random(random.Next(4));
            int shared = random.Next(ids.Length + 1);
            for (int i = 0; i < shared; i++) ids[i] = beginning.Next(1, vocabulary);
            return new EmbeddingRequest { Prompt = ids, CacheSalt = random.Next(4) == 0 ? "salted" : "", Priority = random.Next(3), Tenant = $"tenant {random.Next(3)}" };
        })];
    }

    /// <param name="beside">Answers that are generated at the same time.</param>
    private async Task<string[]> Embeddings(string how, EngineOptions options, int threads, EmbeddingRequest[] texts, bool together, int rounds = 1, int beside = 0, string? model = null)
    {
        using var backend = new CpuBackend(threads);
        await using LlmEngine engine = LlmEngine.Load(model ?? TestData.DemoModel, backend, options);
        List<string> vectors = [];
        for (int round = 0; round < rounds; round++)
        {
            GenerationStream[] answers = [.. Enumerable.Range(0, beside).Select(i => engine.Submit(new() { Prompt = new[] { i + 1, 5, 9 }, Sampling = new() { MaxTokens = 30, IgnoreEos = true }, Priority = 1 }))];
            if (together) vectors.AddRange((await engine.EmbedAsync(texts)).Select(Bits));
            else foreach (EmbeddingRequest text in texts) vectors.Add(Bits(await engine.EmbedAsync(text)));
            foreach (GenerationStream answer in answers) await Given.ReadAll(answer);
        }

        output.WriteLine($"{how}: {engine.Metrics.IterationTokens.CumulativeCounts()[^1]} steps, {engine.Metrics.PrefixCacheHits.Value} tokens cached, {engine.Metrics.Preemptions.Value} preemptions");
        return [.. vectors];
    }

    private static string Bits(EmbeddingOutput embedding) => string.Concat(embedding.Vector.Select(value => $"{BitConverter.SingleToInt32Bits(value):x8}"));

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
