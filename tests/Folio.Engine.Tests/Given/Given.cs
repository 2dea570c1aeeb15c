using System.Diagnostics;

namespace Folio.Engine.Tests;

internal static class Given
{
    private static int s_prompts;

    /// <summary>An engine with its own thread over the stub model; ids only, token 0 ends a sequence.</summary>
    public static LlmEngine Engine(
        int blocks = 1000, int maxModelLen = 200, int sequences = 16, int budget = 64, Action<StubModel>? prepare = null, Func<EngineOptions, EngineOptions>? options = null, SwapPlan swap = default, Func<StubModel, IModelRunner>? runner = null)
    {
        const int blockSize = 4;
        var model = new StubModel(blocks, blockSize);
        prepare?.Invoke(model);
        ModelInfo info = new() { Name = "stub", Path = "stub", Architecture = "stub", VocabularySize = 40, MaxModelLen = maxModelLen, EosTokenIds = [0], Defaults = new(), EmbeddingSize = 40 };
        return Engine(info, model, blocks, blockSize, sequences, budget, options, swap, runner);
    }

    public static LlmEngine Engine(
        ModelInfo info, StubModel model, int blocks, int blockSize, int sequences = 16, int budget = 64, Func<EngineOptions, EngineOptions>? options = null, SwapPlan swap = default, Func<StubModel, IModelRunner>? runner = null) => new(
        info,
        (options ?? (plain => plain))(new() { MaxNumSeqs = sequences, MaxNumBatchedTokens = budget, BlockSize = blockSize }),
        new MemoryPlan(WeightBytes: 0, KvBytesPerToken: 4, KvBytes: 4L * blocks * blockSize, blocks, blockSize, info.MaxModelLen),
        runner is null ? model : runner(model),
        swap);

    /// <summary>Waits for what the loop does on its own thread.</summary>
    public static async Task Until(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1), "it did not become true within a minute");
            await Task.Delay(5);
        }
    }

    /// <summary>What is submitted while the engine stands: all of it is there when the next step is planned, so that it contends for blocks on any machine.</summary>
    public static T AtOnce<T>(LlmEngine engine, Func<T> submit)
    {
        using var still = new Standstill(engine);
        return submit();
    }

    public static async Task<List<GenerationOutput>> ReadAll(GenerationStream stream)
    {
        List<GenerationOutput> outputs = [];
        await foreach (GenerationOutput output in stream) outputs.Add(output);
        return outputs;
    }

    /// <summary>A request with a prompt of its own, which never ends before <paramref name="maxTokens"/>.</summary>
    public static GenerationRequest Request(int prompt, int maxTokens, int n = 1, long? seed = null)
    {
        var random = new Random(s_prompts++);
        int[] ids = [.. Enumerable.Range(0, prompt).Select(_ => random.Next(1, 40))];
        return new() { Prompt = ids, Sampling = new() { MaxTokens = maxTokens, N = n, Seed = seed ?? random.Next(), IgnoreEos = true } };
    }

    /// <summary>A request with everything drawn: prompt, length, n, sampling, log-probabilities.</summary>
    public static GenerationRequest RandomRequest(Random random, int vocabulary, int longestPrompt, int mostTokens, int mostSequences)
    {
        int[] prompt = [.. Enumerable.Range(0, random.Next(1, longestPrompt + 1)).Select(_ => random.Next(1, vocabulary))];
        int n = random.Next(3) == 0 ? random.Next(1, mostSequences + 1) : 1;
        int maxTokens = random.Next(1, mostTokens + 1);
        return new()
        {
            Prompt = prompt,
            Sampling = new()
            {
                N = n,
                MaxTokens = maxTokens,
                Seed = random.NextInt64(),
                Temperature = n == 1 && random.Next(4) == 0 ? 0 : 0.5f + random.NextSingle(),
                TopK = random.Next(3) == 0 ? random.Next(1, 20) : 0,
                TopP = random.Next(3) == 0 ? 0.5f + random.NextSingle() / 2 : 1,
                MinP = random.Next(5) == 0 ? 0.05f : 0,
                RepetitionPenalty = random.Next(4) == 0 ? 1.2f : 1,
                PresencePenalty = random.Next(5) == 0 ? 0.5f : 0,
                FrequencyPenalty = random.Next(5) == 0 ? 0.3f : 0,
                LogitBias = random.Next(6) == 0 ? new Dictionary<int, float> { [random.Next(vocabulary)] = 2, [random.Next(vocabulary)] = -5 } : null,
                MinTokens = random.Next(4) == 0 ? random.Next(maxTokens + 1) : 0,
                IgnoreEos = random.Next(2) == 0,
                StopTokenIds = random.Next(3) == 0 ? [random.Next(1, vocabulary)] : [],
                Logprobs = random.Next(3) == 0 ? random.Next(6) : null,
                PromptLogprobs = random.Next(4) == 0 ? random.Next(4) : null,
            },
        };
    }

    /// <summary>The request without anything in which the host has a part between logits and tokens, but for the n first tokens of one prompt.</summary>
    public static GenerationRequest WithoutHost(GenerationRequest request) => request with
    {
        Sampling = request.Sampling with
        {
            RepetitionPenalty = 1,
            PresencePenalty = 0,
            FrequencyPenalty = 0,
            LogitBias = null,
            MinTokens = 0,
            Logprobs = null,
            PromptLogprobs = null,
            UseBeamSearch = false,
            BestOf = null,
        },
    };

    /// <summary>A random request among others like it: beginnings that several share, beams, the best of several, salts, priorities, tenants.</summary>
    public static GenerationRequest MixedRequest(Random random, int vocabulary, int longestPrompt, int mostTokens, int mostSequences)
    {
        GenerationRequest request = RandomRequest(random, vocabulary, longestPrompt, mostTokens, mostSequences);
        int[] prompt = request.Prompt.ToArray();
        if (random.Next(3) > 0)
        {
            var beginning = new Random(random.Next(4));
            int shared = random.Next(prompt.Length + 1);
            for (int i = 0; i < shared; i++) prompt[i] = beginning.Next(1, vocabulary);
        }

        SamplingParams sampling = request.Sampling;
        if (random.Next(6) == 0)
        {
            sampling = sampling with
            {
                UseBeamSearch = true,
                N = random.Next(1, mostSequences + 1),
                LengthPenalty = random.Next(-1, 3),
                EarlyStopping = (EarlyStopping)random.Next(3),
            };
        }
        else if (random.Next(8) == 0 && sampling.Temperature > 0)
        {
            sampling = sampling with { BestOf = mostSequences };
        }

        return request with { Prompt = prompt, Sampling = sampling, CacheSalt = random.Next(4) == 0 ? "salted" : "", Priority = random.Next(3), Tenant = $"tenant {random.Next(3)}" };
    }
}
