using System.Text.Json;
using Folio.Compute.Cpu;
using Folio.Grammars;

namespace Folio.Engine.Tests;

/// <summary>Answers obey their grammar, whatever else happens to the sequences that they are.</summary>
public sealed class GrammarTests
{
    private static readonly Grammar s_person = Grammar.JsonSchema("""
        {"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":150},"kind":{"enum":["cat","dog"]}},"required":["name","age","kind"],"additionalProperties":false}
        """);

    [Fact]
    public async Task Every_seed_s_answer_is_complete_and_valid()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 400 });
        RequestGrammar grammar = await engine.CompileAsync(s_person);
        foreach (string answer in await Task.WhenAll(Enumerable.Range(0, 30).Select(seed => AnswerAsync(engine, grammar, seed))))
        {
            using JsonDocument value = JsonDocument.Parse(answer);
            Assert.Contains(value.RootElement.GetProperty("kind").GetString(), (string[])["cat", "dog"]);
            Assert.InRange(value.RootElement.GetProperty("age").GetInt32(), 0, 150);
            Assert.True(value.RootElement.GetProperty("name").GetString()!.EnumerateRunes().Count() <= 12);
        }
    }

    [Fact]
    public async Task Siblings_and_preempted_requests_obey_and_answer_as_if_alone()
    {
        using var backend = new CpuBackend();
        string[] alone;
        await using (LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 400 }))
        {
            RequestGrammar grammar = await engine.CompileAsync(s_person);
            alone = new string[8];
            for (int seed = 0; seed < alone.Length; seed++) alone[seed] = await AnswerAsync(engine, grammar, seed);
            string[] siblings = await AnswersAsync(engine, Request(engine, grammar, 0) with { Sampling = Sampling(0) with { N = 3 } }, 3);
            Assert.Equal(alone[..3], siblings);
        }

        await using LlmEngine crowded = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 14, BlockSize = 16 });
        RequestGrammar again = await crowded.CompileAsync(s_person);
        Task<string[]> together = Given.AtOnce(crowded, () => Task.WhenAll(Enumerable.Range(0, alone.Length).Select(seed => AnswerAsync(crowded, again, seed))));
        Assert.Equal(alone, await together);
        Assert.True(crowded.Metrics.Preemptions.Value > 0);
    }

    [Fact]
    public async Task Beams_obey()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 400 });
        RequestGrammar grammar = await engine.CompileAsync(Grammar.Choice(["yes, of course", "yes, indeed", "no"]));
        GenerationRequest request = Request(engine, grammar, 0) with { Sampling = new() { N = 2, UseBeamSearch = true, MaxTokens = 60 } };
        foreach (string answer in await AnswersAsync(engine, request, 2)) Assert.Contains(answer, (string[])["yes, of course", "yes, indeed", "no"]);
    }

    [Fact]
    public async Task Text_that_a_grammar_forces_takes_no_step_for_each_token()
    {
        const string Forced = "The name of the animal that lived in the house by the river is ";
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 400 });
        GenerationRequest request = Request(engine, await engine.CompileAsync(Grammar.Sequence(Grammar.Literal(Forced), Grammar.Choice(["Tom", "Lily"]))), 0);

        (string jumped, int tokens, long steps) = await Measure(request);
        Assert.InRange(steps, 2, tokens / 2);
        (string weighed, tokens, steps) = await Measure(request with { Sampling = request.Sampling with { Logprobs = 0 } });
        Assert.Equal(tokens, steps); // each token's log-probability is asked for
        foreach (string answer in (string[])[jumped, weighed]) Assert.Contains(answer, (string[])[Forced + "Tom", Forced + "Lily"]);

        (string cut, tokens, _) = await Measure(request with { Sampling = request.Sampling with { MaxTokens = 6 } });
        Assert.Equal(6, tokens);
        Assert.StartsWith(cut, Forced, StringComparison.Ordinal);
        (string stopped, _, _) = await Measure(request with { Sampling = request.Sampling with { Stop = [" house"] } });
        Assert.Equal("The name of the animal that lived in the", stopped);

        async Task<(string Answer, int Tokens, long Steps)> Measure(GenerationRequest asked)
        {
            long before = engine.Metrics.IterationTokens.CumulativeCounts()[^1];
            List<GenerationOutput> outputs = await Given.ReadAll(engine.Submit(asked));
            return (string.Concat(outputs.Select(output => output.Text)), outputs.Sum(output => output.TokenIds.Count), engine.Metrics.IterationTokens.CumulativeCounts()[^1] - before);
        }
    }

    [Fact]
    public async Task A_grammar_too_ambiguous_to_follow_fails_its_own_request_alone()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 400 });
        RequestGrammar grammar = await engine.CompileAsync(s_person);
        RequestGrammar ambiguous = await engine.CompileAsync(Grammar.Regex("(.?){25000}"));
        Task<string> good = AnswerAsync(engine, grammar, 1);
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => AnswerAsync(engine, ambiguous, 1));
        Assert.Contains("ambiguous", error.Message, StringComparison.Ordinal);
        using JsonDocument value = JsonDocument.Parse(await good);
    }

    [Fact]
    public async Task A_compilation_ends_with_its_request_and_holds_up_nobody()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 400 });
        using var gone = new CancellationTokenSource();
        Task<RequestGrammar> slow = engine.CompileAsync(Grammar.JsonSchema("""{"type":"string","pattern":"^(a|b)*a(a|b){18}$","maxLength":100}"""), gone.Token);
        RequestGrammar grammar = await engine.CompileAsync(s_person);
        Assert.Same(grammar, await engine.CompileAsync(s_person));
        Assert.NotEmpty(await AnswerAsync(engine, grammar, 1));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => slow);
    }

    private static SamplingParams Sampling(int seed) => new() { Seed = seed, MaxTokens = 200, Temperature = 1 };

    private static GenerationRequest Request(LlmEngine engine, RequestGrammar grammar, int seed) => new() { Prompt = engine.Model.Encode("Once upon a time"), Sampling = Sampling(seed), Grammar = grammar };

    private static async Task<string> AnswerAsync(LlmEngine engine, RequestGrammar grammar, int seed) => (await AnswersAsync(engine, Request(engine, grammar, seed), 1))[0];

    private static async Task<string[]> AnswersAsync(LlmEngine engine, GenerationRequest request, int n)
    {
        var texts = new string[n];
        await foreach (GenerationOutput output in engine.Submit(request))
        {
            texts[output.Index] += output.Text;
            if (output.FinishReason is { } reason) Assert.Equal(FinishReason.Stop, reason);
        }

        return texts;
    }
}
