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
            List<string> chunks = Cut(text, random);
            (IReadOnlyList<ResponseItem> items, IReadOnlyList<JsonElement> events) = Run(chunks, isCut, logprobs: random.Next(2) == 0, interval: random.Next(1, 4));
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

    /// <summary>The law: a message's log-probabilities are those of the tokens that its text is made of, however the text is cut into tokens and however seldom it is told.</summary>
    [Fact]
    public void Log_probabilities_are_of_the_tokens_that_the_text_is_made_of()
    {
        int told = 0;
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            string text = (random.Next(2) == 0 ? "<think>" : "") + string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            List<string> chunks = Cut(text, random);
            (IReadOnlyList<ResponseItem> items, _) = Run(chunks, isCut: false, logprobs: true);
            foreach (bool tellsReasoning in (bool[])[true, false])
            {
                (IReadOnlyList<ResponseItem> again, IReadOnlyList<JsonElement> events) = Run(chunks, isCut: false, logprobs: true, interval: random.Next(1, 5), tellsReasoning);
                Assert.Equal(Json([.. again]), $"[{string.Join(',', ResponseReplies.Assemble(events).Select(item => item.GetRawText()))}]");
                if (tellsReasoning) Assert.Equal(Told(items), Told(again));
            }

            foreach (ResponseItem message in items.Where(item => item.Type == "message"))
            {
                ResponsePart part = message.Content![0];
                (string[] tokens, float[] places) = ([.. part.Logprobs!.Select(entry => entry.Token)], [.. part.Logprobs!.Select(entry => entry.Logprob)]);
                string joined = string.Concat(tokens);
                told += tokens.Length;
                Assert.True(joined.Contains(part.Text, StringComparison.Ordinal), $"seed {seed}: {text}: {joined}");
                if (tokens.Length == 0) continue;
                Assert.Equal(places.Order().Distinct(), places);
                if (!IsWhole(part.Text, items)) continue; // what stands in the answer in several places
                int surplus = joined.Length - part.Text.Length;
                Assert.True(surplus < tokens[0].Length + tokens[^1].Length, $"seed {seed}: {text}: {joined}");
                if (tokens.Length > 1) Assert.True(string.Concat(tokens[1..^1]).Length < part.Text.Length || part.Text.Length == 0, $"seed {seed}: {text}: {joined}");
            }
        }

        Assert.True(told > 3000);

        static string Told(IReadOnlyList<ResponseItem> items) => Json([.. items.Where(item => item.Type == "message").Select(item => item with { Id = "" })]);

        static bool IsWhole(string text, IReadOnlyList<ResponseItem> items) => items[^1].Type == "message" && items.All(item => item.Type != "function_call") && text.Length > 0;
    }

    [Fact]
    public void Hidden_reasoning_and_its_marks_leave_no_log_probabilities()
    {
        string[] tokens = ["<think>", "hm", " so", "</think>", "\n\n", "4", "2", "!"];
        foreach (int interval in (int[])[1, 2, 3, 100])
        {
            (IReadOnlyList<ResponseItem> items, IReadOnlyList<JsonElement> events) = Run([.. tokens], isCut: false, logprobs: true, interval, tellsReasoning: false);
            ResponsePart part = Assert.Single(Assert.Single(items).Content!);
            Assert.Equal(("42!", "4,2,!"), (part.Text, string.Join(',', part.Logprobs!.Select(entry => entry.Token))));
            JsonElement[] deltas = [.. events.Where(each => ResponseReplies.TypeOf(each) == "response.output_text.delta")];
            Assert.All(deltas, delta => Assert.Equal(delta.GetProperty("delta").GetString(), string.Concat(delta.GetProperty("logprobs").EnumerateArray().Select(entry => entry.GetProperty("token").GetString()))));
        }
    }

    [Fact]
    public void Tokens_whose_text_comes_late_are_told_with_it()
    {
        var output = new ResponseOutput(obfuscates: false);
        var reader = new ChatChoiceReader(null, tellsReasoning: true);
        foreach ((int index, string text) in ((string[])["a", "", "", "\u00e4", "b", ""]).Index())
        {
            output.Add([new($"{index}", -1, [], [])], text.Length);
            foreach (MessageDelta delta in reader.Read(new() { Index = 0, TokenIds = [index], Text = text })) output.Add(delta);
        }

        output.End("completed", needsMessage: true);
        Assert.Equal("0,1,2,3,4", string.Join(',', Assert.Single(output.Items).Content![0].Logprobs!.Select(entry => entry.Token)));
    }

    private static List<string> Cut(string text, Random random)
    {
        List<string> chunks = [];
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = random.Next(1, int.Min(text.Length - at, 7) + 1);
            if (char.IsHighSurrogate(text[at + length - 1])) length++; // a detokenizer sends whole characters
            chunks.Add(text.Substring(at, length));
        }

        return chunks;
    }

    /// <summary>A token a chunk; its log-probability is its place.</summary>
    private static (IReadOnlyList<ResponseItem> Items, IReadOnlyList<JsonElement> Events) Run(List<string> chunks, bool isCut, bool logprobs, int interval = 1, bool tellsReasoning = true)
    {
        var reader = new ChatChoiceReader(Format.CreateParser(new() { Tools = [new("f")], NewCallId = () => "call" }), tellsReasoning);
        var output = new ResponseOutput(obfuscates: false);
        List<ResponseEvent> events = [];
        foreach ((int index, string chunk) in chunks.Index())
        {
            if (logprobs) output.Add([new(chunk, index, [], [])], chunk.Length);
            bool isLast = index == chunks.Count - 1;
            foreach (MessageDelta delta in reader.Read(new() { Index = 0, TokenIds = [index], Text = chunk, FinishReason = isLast ? FinishReason.Stop : null })) output.Add(delta);
            if (isLast) output.End(isCut ? "incomplete" : "completed", needsMessage: true);
            if (isLast || index % interval == 0) events.AddRange(output.Drain());
        }

        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(each => each.SequenceNumber));
        return (output.Items, [.. events.Select(each => JsonSerializer.SerializeToElement(each, ResponseJson.Default.ResponseEvent))]);
    }

    private static string Comparable(IReadOnlyList<ResponseItem> items) => string.Join('\n', items.Select(item => $"{item.Type} {item.Status} {item.Name} {item.CallId} {item.Arguments} {item.Content?[0].Text}"));

    private static string Json(IReadOnlyList<ResponseItem> items) => JsonSerializer.Serialize(items, ResponseJson.Default.IReadOnlyListResponseItem);
}
