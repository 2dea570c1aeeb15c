using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Folio.Server.Tests;

/// <summary>Scenarios of docs/scenarios.md that span routes and options; the others are proved where their subject is tested.</summary>
public sealed partial class ScenarioTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private const string Tool = """{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":6},"n":{"type":"integer","minimum":0,"maximum":99}},"required":["city","n"]}}}""";

    /// <summary>What was seen elsewhere, of packages, threads and a compiler that have no counterpart here.</summary>
    private static readonly int[] s_othersAlone = [17, 18, 20];

    private static readonly string[] s_counts = ["prompt_tokens", "completion_tokens", "total_tokens"];

    private Server Server => fixture.Server;

    [Fact]
    public void Every_scenario_has_its_place_in_the_documentation_and_every_test_named_there_exists()
    {
        string page = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "scenarios.md"));
        Assert.All(Enumerable.Range(1, 30), number => Assert.Contains($"| B{number} |", page));
        Assert.All(Enumerable.Range(1, 20).Except(s_othersAlone), number => Assert.Contains($"| V{number} |", page));
        string[] sources = [.. Directory.EnumerateFiles(Path.Combine(TestData.Repository, "tests"), "*.cs", SearchOption.AllDirectories).Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")).Select(File.ReadAllText)];
        (string Class, string Method)[] named = [.. TestName().Matches(page).Select(match => (match.Groups[1].Value, match.Groups[2].Value))];
        Assert.True(named.Length > 40);
        Assert.All(named, test => Assert.Contains(sources, source => source.Contains($"class {test.Class}") && source.Contains($" {test.Method}(")));
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"The little dog","max_tokens":24,"temperature":0,"logprobs":2}""")]
    [InlineData("/v1/completions", """{"prompt":["The little dog","A cat"],"n":2,"max_tokens":12,"seed":7,"logprobs":1,"echo":true}""")]
    [InlineData("/v1/completions", """{"prompt":"The little dog","max_tokens":40,"temperature":0,"stop":[" was"," the"],"include_stop_str_in_output":true}""")]
    [InlineData("/v1/completions", """{"prompt":"Call me:","max_tokens":24,"seed":3,"guided_regex":"[0-9]{3} (yes|no)"}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Tell me a story."}],"max_tokens":24,"temperature":0,"logprobs":true,"top_logprobs":2}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello"}],"n":3,"max_tokens":12,"seed":7,"logprobs":true}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":40,"temperature":0,"stop":" a","min_tokens":3}""")]
    public async Task B4_B5_A_stream_joined_is_the_whole_answer_with_its_logprobs_ends_and_usage(string path, string body)
    {
        JsonElement whole = (await Server.PostAsync(path, body)).Ok().Json;
        JsonObject request = JsonNode.Parse(body)!.AsObject();
        (request["stream"], request["stream_options"]) = (true, JsonNode.Parse("""{"include_usage":true,"continuous_usage_stats":true}"""));
        IReadOnlyList<JsonElement> events = (await Server.PostAsync(path, request.ToJsonString())).Ok().Events;

        Assert.All(events, data => Assert.True(data.TryGetProperty("usage", out _)));
        Assert.Equal(0, events[^1].GetProperty("choices").GetArrayLength());
        foreach (string count in s_counts) Assert.Equal(whole.GetProperty("usage").GetProperty(count).GetInt32(), events[^1].GetProperty("usage").GetProperty(count).GetInt32());
        foreach (JsonElement choice in whole.GetProperty("choices").EnumerateArray())
        {
            JsonElement[] pieces = [.. events.SkipLast(1).Select(data => data.GetProperty("choices")[0]).Where(piece => piece.GetProperty("index").GetInt32() == choice.GetProperty("index").GetInt32())];
            Assert.Equal(TextOf(choice), string.Concat(pieces.Select(TextOf)));
            Assert.Equal($"{choice.GetProperty("finish_reason")} {choice.GetProperty("stop_reason")}", $"{pieces[^1].GetProperty("finish_reason")} {pieces[^1].GetProperty("stop_reason")}");
            Assert.All(pieces[..^1], piece => Assert.Equal(JsonValueKind.Null, piece.GetProperty("finish_reason").ValueKind));
            Assert.Equal(LogprobsOf(choice), string.Concat(pieces.Select(LogprobsOf)));
        }

        int generated = events.SkipLast(1).GroupBy(data => data.GetProperty("choices")[0].GetProperty("index").GetInt32()).Sum(choice => choice.Last().GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), generated);
    }

    [Fact]
    public async Task B11_A_bias_of_minus_100_bans_a_token()
    {
        int likeliest = (await Server.CompleteAsync(new { prompt = "Once upon a", max_tokens = 1, temperature = 0, return_token_ids = true })).Ok().Choice.GetProperty("token_ids")[0].GetInt32();
        Reply banned = (await Server.CompleteAsync($$"""{"prompt":"Once upon a","max_tokens":16,"temperature":0,"logit_bias":{"{{likeliest}}":-100},"return_token_ids":true}""")).Ok();
        Assert.DoesNotContain(likeliest, banned.Choice.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32()));
    }

    [Theory]
    [InlineData("\"auto\""), InlineData("\"required\""), InlineData("""{"type":"function","function":{"name":"f"}}""")]
    public async Task B16_A_streamed_call_is_the_whole_one_at_every_interval(string choice)
    {
        string body = $$"""{"messages":[{"role":"user","content":"Weather?"}],"tools":[{{Tool}}],"tool_choice":{{choice}},"parallel_tool_calls":false,"max_tokens":120,"seed":5}""";
        JsonElement whole = (await Server.ChatAsync(body)).Ok().Choice;
        string expected = MessageOf(whole.GetProperty("message"));
        for (int interval = 1; interval <= 9; interval += 2)
        {
            JsonElement[] choices = [.. (await Server.ChatAsync($$"""{{body[..^1]}},"stream":true,"stream_interval":{{interval}}}""")).Ok().Events.Select(data => data.GetProperty("choices")[0])];
            Assert.Equal(expected, MessageOf([.. choices.Select(piece => piece.GetProperty("delta"))]));
            Assert.Equal(whole.GetProperty("finish_reason").GetString(), choices[^1].GetProperty("finish_reason").GetString());
        }

        if (choice == "\"auto\"") return;
        JsonElement arguments = JsonElement.Parse(whole.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString()!);
        Assert.Equal(["city", "n"], arguments.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task B22_Every_route_that_is_described_takes_a_key_but_for_liveness_and_the_page_s_own_files()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["secret"] });
        JsonElement paths = (await fixture.Server.GetAsync("/openapi.json")).Ok().Json.GetProperty("paths");
        int guarded = 0;
        foreach (JsonProperty path in paths.EnumerateObject())
        {
            bool isOpen = path.Name is "/" or "/page/{file}" or "/ping" || path.Name.StartsWith("/health", StringComparison.Ordinal);
            foreach (JsonProperty operation in path.Value.EnumerateObject().Where(operation => operation.Name != "parameters"))
            {
                Assert.Equal(isOpen, operation.Value.TryGetProperty("security", out JsonElement security) && security.GetArrayLength() == 0);
                if (isOpen) continue;
                using var request = new HttpRequestMessage(new(operation.Name.ToUpperInvariant()), Place().Replace(path.Name, "x"));
                using HttpResponseMessage response = await server.Http.SendAsync(request);
                new Reply(response, await response.Content.ReadAsStringAsync()).Refused(401);
                guarded++;
            }
        }

        Assert.True(guarded > 15);
    }

    /// <remarks>Logarithms as they are written, digit by digit: equal bits.</remarks>
    [Fact]
    public async Task B25_An_answer_is_the_same_alone_and_in_company_cold_and_warm_in_chunks_and_after_preemptions()
    {
        string[] bodies = [.. Enumerable.Range(0, 12).Select(i => $$"""{"prompt":"{{string.Concat(Enumerable.Repeat("The dog and the cat went out to play. ", 1 + (i % 4)))}}Number {{i}}","max_tokens":40,"temperature":0,"logprobs":2,"ignore_eos":true}""")];
        string[] alone = new string[bodies.Length];
        for (int i = 0; i < bodies.Length; i++) alone[i] = await AnswerAsync(Server, bodies[i]);
        for (int i = 0; i < bodies.Length; i++) Assert.Equal(alone[i], await AnswerAsync(Server, bodies[i])); // warm
        string[] together = await Task.WhenAll(bodies.Concat(bodies).Select(body => AnswerAsync(Server, body)));
        Assert.Equal(alone.Concat(alone), together);

        await using var chunks = new DemoEngine(new() { NumBlocks = 600, MaxNumBatchedTokens = 5 });
        await using Server inChunks = await Server.StartAsync(chunks.Engine);
        Assert.Equal(alone, await Task.WhenAll(bodies.Select(body => AnswerAsync(inChunks, body))));

        await using var tight = new DemoEngine(new() { NumBlocks = 20, EnablePrefixCaching = false });
        await using Server preempting = await Server.StartAsync(tight.Engine);
        Assert.Equal(alone, await Task.WhenAll(bodies.Select(body => AnswerAsync(preempting, body))));
        Assert.True(await preempting.MetricAsync("vllm:num_preemptions_total") > 0);

        static async Task<string> AnswerAsync(Server server, string body)
        {
            JsonElement choice = (await server.CompleteAsync(body)).Ok().Choice;
            return $"{choice.GetProperty("text")} {choice.GetProperty("logprobs")}";
        }
    }

    [Theory]
    [InlineData("😀🎉 ok 🇨🇭 é日本"), InlineData("👩‍👩‍👧 e\u0301")]
    public async Task B28_Characters_of_several_tokens_never_come_in_parts(string text)
    {
        foreach (int interval in (int[])[1, 2, 3])
        {
            string body = JsonSerializer.Serialize(new { prompt = "Say: ", max_tokens = 120, guided_choice = new[] { text }, stream = true, stream_interval = interval });
            string[] pieces = [.. (await Server.CompleteAsync(body)).Ok().Events.Select(CompletionTests.TextOf)];
            Assert.Equal(text, string.Concat(pieces));
            Assert.All(pieces, piece => Assert.DoesNotContain('\uFFFD', piece));
            Assert.All(pieces, piece => Assert.False(piece.Length > 0 && (char.IsLowSurrogate(piece[0]) || char.IsHighSurrogate(piece[^1])), piece));
        }
    }

    private static string TextOf(JsonElement choice)
    {
        if (choice.TryGetProperty("text", out JsonElement text)) return text.GetString()!;
        JsonElement message = choice.TryGetProperty("delta", out JsonElement delta) ? delta : choice.GetProperty("message");
        return message.TryGetProperty("content", out JsonElement content) ? content.GetString() ?? "" : "";
    }

    /// <summary>The tokens with what is told of each, one behind the other.</summary>
    private static string LogprobsOf(JsonElement choice)
    {
        if (!choice.TryGetProperty("logprobs", out JsonElement logprobs) || logprobs.ValueKind == JsonValueKind.Null) return "";
        if (logprobs.TryGetProperty("content", out JsonElement content)) return string.Concat(content.EnumerateArray().Select(token => $"{token}"));
        return string.Concat(Enumerable.Range(0, logprobs.GetProperty("tokens").GetArrayLength()).Select(i => $"{logprobs.GetProperty("tokens")[i]} {logprobs.GetProperty("token_logprobs")[i]} {logprobs.GetProperty("text_offset")[i]} {logprobs.GetProperty("top_logprobs")[i]}\n"));
    }

    /// <summary>A message, or its deltas joined: its text and the names and arguments of its calls.</summary>
    private static string MessageOf(params JsonElement[] parts)
    {
        string content = "", calls = "";
        foreach (JsonElement part in parts)
        {
            if (part.TryGetProperty("content", out JsonElement text)) content += text.GetString();
            if (!part.TryGetProperty("tool_calls", out JsonElement list)) continue;
            foreach (JsonElement function in list.EnumerateArray().Select(call => call.GetProperty("function")))
            {
                if (function.TryGetProperty("name", out JsonElement name)) calls += $"\n{name.GetString()} ";
                if (function.TryGetProperty("arguments", out JsonElement arguments)) calls += arguments.GetString();
            }
        }

        return content + calls;
    }

    [GeneratedRegex("`([A-Z]\\w+Tests)\\.(\\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex("\\{[^}]+\\}")]
    private static partial Regex Place();
}
