using Folio.Models;
using Folio.Tokenization;

namespace Folio.Engine.Tests;

/// <summary>Text, stop strings and end tokens: a stub that says a given text, through the demo model's tokenizer.</summary>
public sealed class TextTests
{
    private const int End = 8183; // <|im_end|>
    private static readonly ModelInfo s_demo = ReadDemo();

    private static Tokenizer Tokenizer => s_demo.Tokenizer!;

    [Fact]
    public async Task The_pieces_of_a_stream_joined_are_the_text()
    {
        (string text, List<GenerationOutput> outputs) = await Say("Tom said: \"¡Olé!\" 🙂 and ran — far away.", new());
        Assert.Equal("Tom said: \"¡Olé!\" 🙂 and ran — far away.", text.Trim());
        Assert.DoesNotContain(outputs, output => output.Text.Contains('\uFFFD'));
    }

    [Fact]
    public async Task An_end_token_leaves_no_text_but_its_id_and_no_stop_reason()
    {
        (string text, List<GenerationOutput> outputs) = await Say("The cat sat.", new());
        Assert.Equal("The cat sat.", text.Trim());
        Assert.Equal([End], outputs[^1].TokenIds);
        Assert.Equal((FinishReason.Stop, null), (outputs[^1].FinishReason!.Value, outputs[^1].StopReason));
    }

    [Fact]
    public async Task A_stop_id_is_the_stop_reason_and_leaves_no_text_unless_asked_for()
    {
        int stop = Tokenizer.Encode("The cat sat on the mat")[^1];
        (string without, List<GenerationOutput> outputs) = await Say("The cat sat on the mat and slept", new() { StopTokenIds = [stop] });
        (string with, _) = await Say("The cat sat on the mat and slept", new() { StopTokenIds = [stop], IncludeStopStrInOutput = true });
        Assert.Equal(stop, outputs[^1].StopReason);
        Assert.Equal([stop], outputs[^1].TokenIds);
        Assert.Equal(Tokenizer.TokenText(stop).Trim(), with[without.Length..].Trim());
    }

    [Theory]
    [InlineData(" sat", "The cat", " sat")]
    [InlineData("at on t", "The cat s", "at on t")]
    [InlineData("mat", "The cat sat on the ", "mat")]
    [InlineData("nowhere", "The cat sat on the mat and slept", null)]
    public async Task A_stop_string_is_never_seen_even_in_part(string stop, string expected, string? reason)
    {
        (string text, List<GenerationOutput> outputs) = await Say("The cat sat on the mat and slept", new() { Stop = [stop] });
        Assert.Equal(expected, text.TrimStart());
        Assert.Equal(reason, outputs[^1].StopReason);
        Assert.Equal(FinishReason.Stop, outputs[^1].FinishReason);

        (string with, _) = await Say("The cat sat on the mat and slept", new() { Stop = [stop], IncludeStopStrInOutput = true });
        Assert.Equal(expected + reason, with.TrimStart());
    }

    [Fact]
    public async Task Tokens_after_a_stop_string_are_neither_seen_nor_counted()
    {
        await using LlmEngine engine = Speaker("The cat sat on the mat and slept for a very long time");
        GenerationStream stream = engine.Submit(Request(new() { Stop = ["mat"] }));
        await Task.Delay(100, TestContext.Current.CancellationToken); // the loop has long said it all
        List<GenerationOutput> outputs = await Given.ReadAll(stream);
        int[] ids = [.. outputs.SelectMany(output => output.TokenIds)];
        Assert.Contains("mat", Tokenizer.Decode(ids), StringComparison.Ordinal);
        Assert.DoesNotContain("mat", Tokenizer.Decode(ids.AsSpan(0, ids.Length - 1)), StringComparison.Ordinal);
        Assert.Equal(ids.Length, stream.CompletionTokens);
        Assert.Equal(ids.Length, engine.Metrics.GenerationTokens.Value);
    }

    [Fact]
    public async Task Stop_strings_wait_for_min_tokens()
    {
        (string text, _) = await Say("a mat and a mat and a mat", new() { Stop = [" mat"], MinTokens = 4 });
        Assert.Equal("a mat and a", text.TrimStart());
    }

    private static async Task<(string Text, List<GenerationOutput> Outputs)> Say(string text, SamplingParams sampling)
    {
        await using LlmEngine engine = Speaker(text);
        List<GenerationOutput> outputs = await Given.ReadAll(engine.Submit(Request(sampling)));
        return (string.Concat(outputs.Select(output => output.Text)), outputs);
    }

    private static GenerationRequest Request(SamplingParams sampling) => new() { Prompt = new[] { 1 }, Sampling = sampling with { Temperature = 0 } };

    /// <summary>A model that says one text, whatever it is asked, and then its end token.</summary>
    private static LlmEngine Speaker(string text)
    {
        int[] script = [.. Tokenizer.Encode(text), End];
        var model = new StubModel(blocks: 100, blockSize: 4, s_demo.VocabularySize)
        {
            Bend = (tokens, row) => row[tokens.Length <= script.Length ? script[tokens.Length - 1] : End] = 100,
        };
        return Given.Engine(s_demo, model, blocks: 100, blockSize: 4);
    }

    private static ModelInfo ReadDemo()
    {
        using ModelSource source = ModelSource.Open(TestData.DemoModel);
        var spec = new DecoderSpec
        {
            Name = "llama",
            VocabularySize = source.Config.VocabularySize,
            ContextLength = 200,
            HiddenSize = 1,
            Heads = 1,
            KvHeads = 1,
            HeadDim = 1,
            FeedForwardSize = 1,
            Layers = [],
            Norm = new(NormKind.Rms, 1e-5f),
            Activation = Compute.Activation.Silu,
        };
        return ModelInfoReader.Read(source, spec, maxModelLen: 200, ModelText.Read(source));
    }
}
