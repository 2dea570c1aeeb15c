using System.Text.Json;
using Folio.Chat;
using Folio.Engine;

namespace Folio.Server.Tests;

public sealed class ChatChoiceReaderTests
{
    private static readonly MessageFormat Format = new(ToolFormat.Hermes, ReasoningFormat.Think);

    [Fact]
    public void Reasoning_tokens_are_counted_with_their_marks()
    {
        ChatChoiceReader reader = Reader(new() { Tools = [] });
        Read(reader, "<think>", "hm", " so", "</think>", "\n\n", "4", "!");
        Assert.Equal((7, 4), (reader.Tokens, reader.ReasoningTokens));
        ChatChoiceReader opened = Reader(new() { ReasoningIsOpen = true });
        Read(opened, "hm", "</think>", "4");
        Assert.Equal(2, opened.ReasoningTokens);
    }

    [Fact]
    public void Reasoning_that_nobody_wants_is_counted_and_not_told()
    {
        var reader = new ChatChoiceReader(Format.CreateParser(new()), tellsReasoning: false);
        Assert.Equal("4", Assert.Single(Read(reader, "<think>hm", "</think>4")).Text);
        Assert.Equal(2, reader.ReasoningTokens);
    }

    [Theory]
    [InlineData("""{"name": "f", "arguments": {"a": 1}}""", FinishReason.Stop, "tool_calls")]
    [InlineData("""{"name": "f", "arguments": {"a": """, FinishReason.Length, "length")]
    public void A_finished_call_ends_a_choice_for_its_own_reason(string call, FinishReason reason, string name)
    {
        ChatChoiceReader reader = Reader(new() { Tools = [new("f")] });
        Read(reader, "<tool_call>", call);
        Assert.Equal(name, reader.NameOf(reason));
    }

    [Fact]
    public void Deltas_are_written_as_vLLM_writes_them()
    {
        Assert.Equal("""{"role":"assistant","content":""}""", Json(ChatDelta.Opening));
        Assert.Equal("""{"content":"a"}""", Json(new(null, new(DeltaKind.Content, "a"))));
        Assert.Equal("""{"reasoning":"a","reasoning_content":"a"}""", Json(new(null, new(DeltaKind.Reasoning, "a"))));
        Assert.Equal("""{"content":null,"tool_calls":[{"id":"i","type":"function","index":1,"function":{"name":"f"}}]}""", Json(new(null, new(DeltaKind.Call, "f", 1, "i"))));
        Assert.Equal("""{"tool_calls":[{"index":1,"function":{"arguments":"{"}}]}""", Json(new(null, new(DeltaKind.Arguments, "{", 1))));
        Assert.Equal("{}", Json(default));
    }

    private static ChatChoiceReader Reader(ParserOptions options) => new(Format.CreateParser(options), tellsReasoning: true);

    /// <summary>A token a piece.</summary>
    private static List<MessageDelta> Read(ChatChoiceReader reader, params string[] pieces)
    {
        List<MessageDelta> deltas = [];
        for (int i = 0; i < pieces.Length; i++) deltas.AddRange(reader.Read(new() { Index = 0, TokenIds = [i], Text = pieces[i], FinishReason = i == pieces.Length - 1 ? FinishReason.Stop : null }));
        return deltas;
    }

    private static string Json(ChatDelta delta) => JsonSerializer.Serialize(delta, WireJson.Default.ChatDelta);
}
