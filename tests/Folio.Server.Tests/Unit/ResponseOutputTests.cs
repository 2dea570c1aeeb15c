using System.Text.Json;
using Folio.Chat;
using Folio.Engine;
using Folio.Testing.OpenApi;

namespace Folio.Server.Tests;

public sealed class ResponseOutputTests
{
    private static readonly MessageFormat Format = new(ToolFormat.Hermes, ReasoningFormat.Think);

    private static readonly string[] Pieces =
    [
        "Hello", " ", "\n\n", "ä😀", "<", "</think>", "<think>", "<tool_call>", "</tool_call>", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>", "<tool_call>{\"name\": \"nobody\", \"arguments\": {}}</tool_call>",
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": ", "{\"name\": \"f\"}", "why", "so",
    ];

    /// <summary>The law: however the text came, what the events add up to are the items of the whole.</summary>
    [Fact]
    public void For_any_chunking_the_deltas_add_up_to_the_whole_response()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            string text = (random.Next(2) == 0 ? "<think>" : "") + string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            bool isCut = random.Next(3) == 0;
            (IReadOnlyList<ResponseItem> whole, _) = Run([text], isCut, logprobs: false);
            List<string> chunks = [];
            for (int at = 0, length; at < text.Length; at += length)
            {
                length = random.Next(1, int.Min(text.Length - at, 7) + 1);
                if (char.IsHighSurrogate(text[at + length - 1])) length++; // a detokenizer sends whole characters
                chunks.Add(text.Substring(at, length));
            }

            (IReadOnlyList<ResponseItem> items, IReadOnlyList<JsonElement> events) = Run(chunks, isCut, logprobs: random.Next(2) == 0);
            string expected = Comparable(whole);
            Assert.True(expected == Comparable(items), $"seed {seed}: {text}");
            Assert.Equal(Json(items), $"[{string.Join(',', ResponseReplies.Assemble(events).Select(item => item.GetRawText()))}]");
            if (seed % 50 == 0) Assert.All(events, each => Assert.Equal([], OpenApiDocument.OpenAI?.Check(each, "ResponseStreamEvent").Errors ?? []));
        }
    }

    [Fact]
    public void Reasoning_text_and_calls_are_items_of_their_own_in_the_order_in_which_they_come()
    {
        (IReadOnlyList<ResponseItem> items, _) = Run(["<think>hm</think>\n\nI'll look.\n<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}</tool_call>"], isCut: false, logprobs: false);
        Assert.Equal(["reasoning", "message", "function_call"], items.Select(item => item.Type));
        Assert.Equal(("hm", "I'll look.", "{\"a\": 1}"), (items[0].Content![0].Text, items[1].Content![0].Text.Trim(), items[2].Arguments));
        Assert.All(items, item => Assert.Equal("completed", item.Status));
    }

    [Fact]
    public void What_is_cut_off_is_incomplete_and_an_empty_answer_is_an_empty_message()
    {
        (IReadOnlyList<ResponseItem> cut, _) = Run(["<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": "], isCut: true, logprobs: false);
        Assert.Equal(("function_call", "incomplete"), (Assert.Single(cut).Type, cut[0].Status));
        (IReadOnlyList<ResponseItem> empty, IReadOnlyList<JsonElement> events) = Run([""], isCut: false, logprobs: false);
        Assert.Equal(("message", ""), (Assert.Single(empty).Type, empty[0].Content![0].Text));
        Assert.Equal(5, events.Count);
    }

    /// <summary>A token a chunk.</summary>
    private static (IReadOnlyList<ResponseItem> Items, IReadOnlyList<JsonElement> Events) Run(List<string> chunks, bool isCut, bool logprobs)
    {
        var reader = new ChatChoiceReader(Format.CreateParser(new() { Tools = [new("f")], NewCallId = () => "call" }), tellsReasoning: true);
        var output = new ResponseOutput(obfuscates: false);
        List<ResponseEvent> events = [];
        foreach ((int index, string chunk) in chunks.Index())
        {
            if (logprobs) output.Add([new($"{index}", -1, [], [])]);
            bool isLast = index == chunks.Count - 1;
            foreach (MessageDelta delta in reader.Read(new() { Index = 0, TokenIds = [index], Text = chunk, FinishReason = isLast ? FinishReason.Stop : null })) output.Add(delta);
            if (isLast) output.End(isCut ? "incomplete" : "completed", needsMessage: true);
            events.AddRange(output.Drain());
        }

        return (output.Items, [.. events.Select(each => JsonSerializer.SerializeToElement(each, ResponseJson.Default.ResponseEvent))]);
    }

    private static string Comparable(IReadOnlyList<ResponseItem> items) => string.Join('\n', items.Select(item => $"{item.Type} {item.Status} {item.Name} {item.CallId} {item.Arguments} {item.Content?[0].Text}"));

    private static string Json(IReadOnlyList<ResponseItem> items) => JsonSerializer.Serialize(items, ResponseJson.Default.IReadOnlyListResponseItem);
}
