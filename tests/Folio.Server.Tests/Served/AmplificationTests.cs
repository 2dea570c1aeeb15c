using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

/// <summary>Small requests that cost other servers minutes, megabytes or their lives (docs/scenarios.md, from V1 on).</summary>
public sealed class AmplificationTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    /// <summary>What a plain request may take beside an attack, on a busy machine.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private Server Server => fixture.Server;

    [Theory]
    [InlineData("""{"$ref":"#"}"""), InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"""), InlineData("""{"anyOf":[{"$ref":"#"}]}"""), InlineData("""{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}""")]
    public async Task V3_References_in_a_circle_are_no_failure(string schema)
    {
        Reply reply = await Server.ChatAsync("""{"messages":[{"role":"user","content":"hi"}],"max_tokens":4,"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":""" + schema + "}}}");
        Assert.True(reply.Status is 200 or 400, reply.Text);
    }

    public static TheoryData<string> Large => ["choice", "enum", "properties", "range"];

    [Theory, MemberData(nameof(Large))]
    public async Task V4_A_large_schema_is_answered_or_refused_in_time_and_keeps_nobody_waiting(string kind)
    {
        string constraint = kind switch
        {
            "choice" => $"\"structured_outputs\":{{\"choice\":[{Names(100_000)}]}}",
            "enum" => $"\"guided_json\":{{\"enum\":[{Names(100_000)}]}}",
            "properties" => $"\"guided_json\":{{\"type\":\"object\",\"properties\":{{{string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"property-{i}\":{{\"type\":\"string\"}}"))}}},\"required\":[{string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"property-{i}\""))}]}}",
            _ => "\"structured_outputs\":{\"regex\":\"[a-z]{100000}\"}",
        };
        Task<Reply> large = Server.CompleteAsync($"{{\"prompt\":\"x\",\"max_tokens\":2,{constraint}}}");
        for (int i = 0; i < 3; i++)
        {
            long start = Stopwatch.GetTimestamp();
            (await Server.CompleteAsync($$$"""{"prompt":"x","max_tokens":2,"guided_json":{"enum":["{{{kind}}}-{{{i}}}"]}}""")).Ok();
            (await Server.CompleteAsync("""{"prompt":"x","max_tokens":2}""")).Ok();
            Assert.True(Stopwatch.GetElapsedTime(start) < 2 * s_soon, $"{kind} kept others waiting for {Stopwatch.GetElapsedTime(start)}");
        }

        Reply reply = await large.WaitAsync(TimeSpan.FromSeconds(40));
        Assert.True(reply.Status is 200 or 400, reply.Text);

        static string Names(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"\"choice-{i}\""));
    }

    [Fact]
    public async Task V5_A_client_s_mistakes_leave_no_line_in_the_log()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        using var lines = new Lines("Folio.Server");
        server.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(lines);
        (await server.ChatAsync($"{{\"messages\":[{string.Join(',', Enumerable.Repeat("5", 20_000))}]}}")).Refused(400, "messages[0]");
        (await server.CompleteAsync("""{"prompt":"x","temperature":-1}""")).Refused(400);
        (await server.CompleteAsync("{")).Refused(400);
        (await server.GetAsync("/nothing")).Refused(404);
        Assert.Empty(lines.Written);
    }

    [Fact]
    public async Task V6_The_longest_text_of_tokenize_keeps_nobody_waiting_and_a_longer_one_is_refused()
    {
        string longest = string.Concat(Enumerable.Repeat("the dog ", (4 << 20) / 8));
        Task<Reply> counting = Server.PostAsync("/tokenize", new { prompt = longest });
        long start = Stopwatch.GetTimestamp();
        (await Server.CompleteAsync(new { prompt = "Once", max_tokens = 2 })).Ok();
        Assert.True(Stopwatch.GetElapsedTime(start) < s_soon, $"{Stopwatch.GetElapsedTime(start)}");
        (await counting).Ok();
        (await Server.PostAsync("/tokenize", new { prompt = longest + "a" })).Refused(400, "prompt", "4194304");
    }

    [Fact]
    public async Task V6_Texts_to_be_embedded_are_bounded_one_by_one_and_together_before_they_are_tokenized()
    {
        string text = string.Concat(Enumerable.Repeat("the dog ", 512)), cut = string.Concat(Enumerable.Repeat(text, 900));
        long start = Stopwatch.GetTimestamp();
        (await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(cut, 8) })).Refused(400, "input[0]", "maximum context length");
        Assert.True(Stopwatch.GetElapsedTime(start) < s_soon, $"{Stopwatch.GetElapsedTime(start)}");
        (await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(text[..4095], 2048) })).Refused(400, "input", "4194304");
        (await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(cut, 8), truncate_prompt_tokens = 4 })).Refused(400, "input", "4194304");
        (await Server.PostAsync("/v1/embeddings", new { input = cut, truncate_prompt_tokens = 4 })).Ok();
    }

    [Fact]
    public void V6_Texts_of_a_client_that_has_left_are_tokenized_no_further()
    {
        var served = new ServedModel(demo.Engine, new());
        var body = new Fields(JsonElement.Parse("""{"input":["a","b"],"prompt":["a","b"]}"""));
        Assert.Throws<OperationCanceledException>(() => PromptField.Read(body, served, new(), new CancellationToken(canceled: true)));
        var embeddings = new Fields(JsonElement.Parse("""{"input":["a","b"]}"""));
        Assert.Throws<OperationCanceledException>(() => EmbeddingsRequest.Read(embeddings, served, Holder.Anybody, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task V7_The_first_request_with_logprobs_is_no_slower_than_any()
    {
        await using var fresh = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(fresh.Engine);
        long start = Stopwatch.GetTimestamp();
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 2, logprobs = 20, prompt_logprobs = 20 })).Ok();
        Assert.True(Stopwatch.GetElapsedTime(start) < s_soon);
    }

    [Fact]
    public async Task V10_Echo_brings_nothing_that_was_not_asked_for_and_charges_nothing()
    {
        JsonElement[] events = [.. (await Server.CompleteAsync("""{"prompt":"Once upon a time","echo":true,"max_tokens":0,"stream":true,"stream_options":{"include_usage":true}}""")).Ok().Events];
        Assert.Equal(JsonValueKind.Null, events[0].GetProperty("choices")[0].GetProperty("prompt_token_ids").ValueKind);
        Assert.Equal(0, events[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task V11_Every_one_of_the_likeliest_tokens_is_told_with_a_name_of_its_own_and_its_bytes()
    {
        var bias = Enumerable.Range(3 + 0x80, 0x40).ToDictionary(id => $"{id}", _ => 60); // the bytes that continue a character: none is a text of its own
        Reply completion = (await Server.CompleteAsync(new { prompt = "x", max_tokens = 3, temperature = 1, seed = 2, logprobs = 20, logit_bias = bias })).Ok();
        JsonElement logprobs = completion.Choice.GetProperty("logprobs");
        Assert.All(logprobs.GetProperty("tokens").EnumerateArray(), token => Assert.Matches(@"^bytes:\\x[89ab][0-9a-f]$", token.GetString()!));
        Assert.All(logprobs.GetProperty("top_logprobs").EnumerateArray(), top => Assert.InRange(top.EnumerateObject().Count(), 20, 21));

        Reply chat = (await Server.ChatAsync(new { messages = new[] { new { role = "user", content = "x" } }, max_tokens = 3, temperature = 1, seed = 2, logprobs = true, logit_bias = bias })).Ok();
        Assert.All(chat.Choice.GetProperty("logprobs").GetProperty("content").EnumerateArray(), token => Assert.InRange(token.GetProperty("bytes")[0].GetInt32(), 0x80, 0xBF));
    }

    [Fact]
    public async Task V12_A_beam_that_ends_by_itself_names_no_stop_reason()
    {
        Reply chat = (await Server.ChatAsync(new { messages = new[] { new { role = "user", content = "Thank you!" } }, n = 2, use_beam_search = true, max_tokens = 60 })).Ok();
        JsonElement[] ended = [.. chat.Json.GetProperty("choices").EnumerateArray().Where(choice => choice.GetProperty("finish_reason").GetString() == "stop")];
        Assert.NotEmpty(ended);
        Assert.All(ended, choice => Assert.Equal(JsonValueKind.Null, choice.GetProperty("stop_reason").ValueKind));
    }

    [Fact]
    public async Task V13_A_small_request_for_many_answers_is_refused_or_leaves_others_their_turn()
    {
        (await Server.CompleteAsync("""{"prompt":"x","n":2000,"max_tokens":1}""")).Refused(400, "n", "128");
        Task<Reply> many = Server.CompleteAsync("""{"prompt":"Once upon a time","n":128,"max_tokens":20,"seed":1}""");
        long start = Stopwatch.GetTimestamp();
        (await Server.CompleteAsync("""{"prompt":"x","max_tokens":1}""")).Ok();
        Assert.True(Stopwatch.GetElapsedTime(start) < s_soon, $"{Stopwatch.GetElapsedTime(start)}");
        (await many).Ok();
    }
}
