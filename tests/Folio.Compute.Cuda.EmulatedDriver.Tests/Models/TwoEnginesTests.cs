using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Grammars;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>The engine over the emulated card beside the engine over the processor: whatever a request asks of its logits, in one mix.</summary>
public sealed class TwoEnginesTests
{
    /// <summary>Of log-probabilities: what queries and attention's weights, rounded to bf16 on a card, move them by.</summary>
    private const float Rounding = 0.05f;

    /// <remarks>With these seeds no choice is a close one, which rounding could turn.</remarks>
    private static readonly SamplingParams[] Mix =
    [
        new() { Temperature = 0, Logprobs = 3, PromptLogprobs = 2 },
        new() { Temperature = 0.8f, RepetitionPenalty = 1.3f, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f, Logprobs = 2, Seed = 1 },
        new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [300] = 3, [261] = -2 }, MinTokens = 4 },
        new() { Temperature = 1, AllowedTokenIds = [261, 280, 300, 310, 320], Logprobs = 1, Seed = 2 },
        new() { Temperature = 0.9f, TopP = 0.9f, N = 3, Logprobs = 2, Seed = 3 },
        new() { UseBeamSearch = true, N = 3, Temperature = 0, Logprobs = 1 },
        new() { Temperature = 0.7f, TopK = 20, Seed = 4 }, // of the grammar
    ];

    /// <param name="stays">Rows stay on the card: nobody asks for what the host makes of them.</param>
    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_mix_of_all_that_is_done_to_logits_is_answered_alike(bool stays)
    {
        using CudaBackend card = CardRunner.Backend(DType.F32);
        using var processor = new CpuBackend(threads: 2, activations: CpuActivations.F32);
        SamplingParams[] mix = [.. Mix.Where(sampling => !stays || !sampling.UseBeamSearch).Select(sampling => stays ? sampling with { Logprobs = null, PromptLogprobs = null } : sampling)];
        List<Answer> actual = await RunAsync(card, mix), expected = await RunAsync(processor, mix);
        Assert.Equal(expected.Select(answer => (answer.Name, string.Join(' ', answer.Ids))), actual.Select(answer => (answer.Name, string.Join(' ', answer.Ids))));
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Logprobs.Count, actual[i].Logprobs.Count);
            for (int position = 0; position < expected[i].Logprobs.Count; position++) Close(expected[i].Logprobs[position]!, actual[i].Logprobs[position]!);
        }
    }

    private static async Task<List<Answer>> RunAsync(Backend backend, SamplingParams[] mix)
    {
        var options = new EngineOptions { NumBlocks = 64, MaxNumSeqs = 12, MaxModelLen = 64, MaxNumBatchedTokens = 32 };
        await using LlmEngine engine = LlmEngine.Load(TestData.Shared("models", "stories260K-hf"), backend, options);
        RequestGrammar grammar = await engine.CompileAsync(Grammar.JsonSchema("""{"type": "object", "properties": {"name": {"enum": ["Tom", "Lily"]}, "age": {"type": "integer"}}, "required": ["name", "age"]}"""));
        List<Answer>[] answers = await Task.WhenAll(mix.Select((sampling, i) => AnswerAsync(engine, i, new()
        {
            Prompt = engine.Model.Encode(i % 2 == 0 ? "Once upon a time" : "Lily and Tom went to the park. They saw a"),
            Sampling = sampling with { MaxTokens = 8 },
            Grammar = i == mix.Length - 1 ? grammar : null,
        })));
        return [.. answers.SelectMany(sequences => sequences)];
    }

    private static async Task<List<Answer>> AnswerAsync(LlmEngine engine, int number, GenerationRequest request)
    {
        List<Answer> sequences = [.. Enumerable.Range(0, request.Sampling.N).Select(index => new Answer($"request {number}, sequence {index}", [], []))];
        await foreach (GenerationOutput output in engine.Submit(request))
        {
            sequences[output.Index].Ids.AddRange(output.TokenIds);
            sequences[output.Index].Logprobs.AddRange(output.Logprobs ?? []);
            if (output.PromptLogprobs is { } prompt) sequences.Add(new("the prompt", [.. request.Prompt.ToArray().Skip(1)], [.. prompt.Skip(1)]));
        }

        return sequences;
    }

    private static void Close(PositionLogprobs expected, PositionLogprobs actual)
    {
        Assert.Equal(expected.Token.TokenId, actual.Token.TokenId);
        Assert.Equal(expected.Token.Logprob, actual.Token.Logprob, Rounding);
        Assert.Equal(expected.Top.Count, actual.Top.Count);
        for (int i = 0; i < expected.Top.Count; i++) Assert.Equal(expected.Top[i].Logprob, actual.Top[i].Logprob, Rounding); // whichever ids they are
    }

    private sealed record Answer(string Name, List<int> Ids, List<PositionLogprobs?> Logprobs);
}
