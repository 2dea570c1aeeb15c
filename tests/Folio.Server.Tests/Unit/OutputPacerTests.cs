using System.Text;
using Folio.Chat;
using Folio.Engine;

namespace Folio.Server.Tests;

public sealed class OutputPacerTests
{
    private static readonly MessageFormat Format = new(ToolFormat.Hermes, ReasoningFormat.Think);

    private static readonly string[] s_pieces = ["<think>", "hm", " so", "</think>", "\n\n", "4", "!", "<tool_call>", """{"name": "f", "argu""", """ments": {"a": """, "1}}", "</tool_call>"];

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(5), InlineData(int.MaxValue)]
    public void What_is_counted_and_what_is_told_are_functions_of_the_answer_alone(int interval)
    {
        var reader = new ChatChoiceReader(Format.CreateParser(new() { Tools = [new("f")] }), tellsReasoning: true);
        var pacer = new ChatPacer(interval, [reader]);
        List<MessageDelta> told = [];
        List<int> ids = [];
        int outputs = 0;
        for (int i = 0; i < s_pieces.Length; i++)
        {
            if (pacer.Read(Output(i, s_pieces[i], i == s_pieces.Length - 1)) is not { } due) continue;
            outputs++;
            ids.AddRange(due.Output.TokenIds);
            told.AddRange(due.Deltas);
        }

        Assert.Equal((s_pieces.Length, 4), (reader.Tokens, reader.ReasoningTokens));
        Assert.Equal(Enumerable.Range(0, s_pieces.Length), ids);
        Assert.Equal(1 + (int)Math.Ceiling((s_pieces.Length - 1) / (double)interval), outputs);
        Assert.Equal(("hm so", "4!", "f", """{"a": 1}"""), (TextOf(DeltaKind.Reasoning), TextOf(DeltaKind.Content), TextOf(DeltaKind.Call), TextOf(DeltaKind.Arguments)));

        string TextOf(DeltaKind kind) => string.Concat(told.Where(delta => delta.Kind == kind).Select(delta => delta.Text));
    }

    [Fact]
    public void Pieces_of_one_part_are_told_as_one()
    {
        var pacer = new ChatPacer(100, [new ChatChoiceReader(parser: null, tellsReasoning: true)]);
        Assert.Equal("a", Assert.Single(pacer.Read(Output(0, "a", ends: false))!.Value.Deltas).Text);
        for (int i = 0; i < 20; i++) Assert.Null(pacer.Read(Output(i, "b", ends: false)));
        (GenerationOutput output, IReadOnlyList<MessageDelta> deltas) = pacer.Read(Output(0, "c", ends: true))!.Value;
        Assert.Equal($"{new string('b', 20)}c", Assert.Single(deltas).Text);
        Assert.Equal((output.Text, 21), (deltas[0].Text, output.TokenIds.Count));
    }

    [Fact]
    public void Holding_a_whole_answer_back_takes_memory_in_proportion_to_it()
    {
        const int tokens = 32_768;
        var pacer = new OutputPacer(int.MaxValue);
        var position = new PositionLogprobs(new(0, 0, 1), []);
        var text = new StringBuilder();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < tokens; i++)
        {
            GenerationOutput? due = pacer.Take(0, Output(i, "word ", i == tokens - 1) with { Logprobs = [position] });
            text.Append(due?.Text);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2_000L * tokens);
        Assert.Equal(5 * tokens, text.Length);
    }

    private static GenerationOutput Output(int id, string text, bool ends) => new() { Index = 0, TokenIds = [id], Text = text, FinishReason = ends ? FinishReason.Stop : null };
}
