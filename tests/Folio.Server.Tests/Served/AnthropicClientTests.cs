using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Api = Anthropic.Models.Messages;

namespace Folio.Server.Tests;

/// <summary>Anthropic's own .NET package, pointed here, validating each answer against Anthropic's description.</summary>
public sealed class AnthropicClientTests(ServedFixture fixture) : IClassFixture<ServedFixture>, IDisposable
{
    private readonly AnthropicClient _client = new() { BaseUrl = fixture.Server.Address.ToString().TrimEnd('/'), ApiKey = "none", MaxRetries = 0, ResponseValidation = true };

    private static readonly IReadOnlyList<Api.ToolUnion> Tools =
    [
        new Api.Tool
        {
            Name = "get_weather",
            Description = "The weather of a town.",
            InputSchema = new() { Properties = new Dictionary<string, JsonElement> { ["city"] = JsonElement.Parse("""{"type":"string","maxLength":12}""") }, Required = ["city"] },
        },
    ];

    [Fact]
    public async Task It_chats_whole_and_streamed_with_the_same_words()
    {
        Api.MessageCreateParams asked = Greedy(new() { Model = "demo", MaxTokens = 24, System = "You tell stories.", Messages = [new Api.UserMessageParam("Tell me a story about a dog.")], Metadata = new() { UserID = "me" } });
        Api.Message whole = await _client.Messages.Create(asked);
        Assert.Equal((24, "max_tokens"), (whole.Usage.OutputTokens, whole.StopReason!.Raw()));
        Api.Message streamed = await _client.Messages.CreateStreaming(asked).Aggregate();
        Assert.Equal(TextOf(whole), TextOf(streamed));
        Assert.Equal((whole.StopReason.Raw(), whole.Usage.OutputTokens), (streamed.StopReason!.Raw(), streamed.Usage.OutputTokens));
        Assert.NotEqual("", TextOf(whole));
    }

    [Fact]
    public async Task It_calls_tools_and_sends_their_results_back()
    {
        List<Api.MessageParam> messages = [new Api.UserMessageParam("What is the weather in Bern?")];
        Api.MessageCreateParams asked = Greedy(new() { Model = "demo", MaxTokens = 200, Messages = messages, Tools = Tools, ToolChoice = new Api.ToolChoiceTool("get_weather") { DisableParallelToolUse = true } });
        Api.Message whole = await _client.Messages.Create(asked);
        Assert.Equal("tool_use", whole.StopReason!.Raw());
        Assert.True(Assert.Single(whole.Content).TryPickToolUse(out Api.ToolUseBlock? call));
        Assert.Equal(("get_weather", JsonValueKind.String), (call.Name, call.Input["city"].ValueKind));

        Api.Message streamed = await _client.Messages.CreateStreaming(asked).Aggregate();
        Assert.True(Assert.Single(streamed.Content).TryPickToolUse(out Api.ToolUseBlock? same));
        Assert.Equal(call.Input["city"].GetString(), same.Input["city"].GetString());

        messages.Add(new Api.AssistantMessageParam(new List<Api.ContentBlockParam> { new Api.ToolUseBlockParam { ID = call.ID, Name = call.Name, Input = call.Input } }));
        messages.Add(new Api.UserMessageParam(new List<Api.ContentBlockParam> { new Api.ToolResultBlockParam(call.ID) { Content = "Sunny", IsError = false } }));
        Api.Message answer = await _client.Messages.Create(Greedy(new() { Model = "demo", MaxTokens = 8, Messages = messages, Tools = Tools, ToolChoice = new Api.ToolChoiceNone() }));
        Assert.NotEqual("", TextOf(answer));
    }

    [Fact]
    public async Task Its_answers_obey_a_schema()
    {
        var schema = new Dictionary<string, JsonElement> { ["type"] = JsonElement.Parse("\"object\""), ["properties"] = JsonElement.Parse("""{"ok":{"type":"boolean"}}"""), ["required"] = JsonElement.Parse("[\"ok\"]"), ["additionalProperties"] = JsonElement.Parse("false") };
        Api.Message answer = await _client.Messages.Create(new() { Model = "demo", MaxTokens = 300, Messages = [new Api.UserMessageParam("Is it?")], OutputConfig = new() { Format = new() { Schema = schema } } });
        Assert.Contains(JsonElement.Parse(TextOf(answer)).GetProperty("ok").ValueKind, (JsonValueKind[])[JsonValueKind.True, JsonValueKind.False]);
    }

    [Fact]
    public async Task It_reads_thoughts_and_sends_them_back()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine, new() { ReasoningParser = "deepseek_r1" });
        using var client = new AnthropicClient { BaseUrl = server.Address.ToString().TrimEnd('/'), ApiKey = "none", MaxRetries = 0, ResponseValidation = true };
        List<Api.MessageParam> messages = [new Api.UserMessageParam("Tell me a story."), new Api.AssistantMessageParam("<think>")];
        Api.MessageCreateParams asked = Greedy(new() { Model = "demo", MaxTokens = 2000, Messages = messages, Thinking = new Api.ThinkingConfigEnabled(1024), StopSequences = ["\n"] });
        Api.Message whole = await client.Messages.Create(asked), streamed = await client.Messages.CreateStreaming(asked).Aggregate();
        Assert.True(whole.Content[0].TryPickThinking(out Api.ThinkingBlock? thoughts) && streamed.Content[0].TryPickThinking(out Api.ThinkingBlock? same) && (same.Thinking, same.Signature) == (thoughts.Thinking, thoughts.Signature));
        Assert.NotEqual("", thoughts.Thinking);
        messages[1] = new Api.AssistantMessageParam(new List<Api.ContentBlockParam> { new Api.ThinkingBlockParam { Thinking = thoughts.Thinking, Signature = thoughts.Signature }, new Api.TextBlockParam("A story.") });
        messages.Add(new Api.UserMessageParam("Go on."));
        Assert.NotEmpty((await client.Messages.Create(Greedy(new() { Model = "demo", MaxTokens = 4, Messages = messages, Thinking = new Api.ThinkingConfigDisabled() }))).Content);
    }

    [Fact]
    public async Task It_counts_tokens_and_lists_models()
    {
        Api.MessageTokensCount count = await _client.Messages.CountTokens(new() { Model = "demo", Messages = [new Api.UserMessageParam("Tell me a story about a dog.")] });
        Api.Message answer = await _client.Messages.Create(new() { Model = "demo", MaxTokens = 1, Messages = [new Api.UserMessageParam("Tell me a story about a dog.")] });
        Assert.Equal(answer.Usage.InputTokens + answer.Usage.CacheReadInputTokens, count.InputTokens);
        Assert.Equal(["demo", "demo-alias"], (await _client.Models.List()).Items.Select(model => model.ID));
        Assert.Equal("demo", (await _client.Models.Retrieve("demo")).DisplayName);
    }

    [Fact]
    public async Task It_knows_the_errors_as_its_own()
    {
        AnthropicBadRequestException bad = await Assert.ThrowsAsync<AnthropicBadRequestException>(() => _client.Messages.Create(new() { Model = "demo", MaxTokens = -1, Messages = [new Api.UserMessageParam("Hello")] }));
        Assert.Equal(("invalid_request_error", "max_tokens must be at least 0, got -1."), (bad.Type!.Raw(), bad.ApiMessage));
        Assert.StartsWith("req_", bad.RequestID);
        await Assert.ThrowsAsync<AnthropicNotFoundException>(() => _client.Messages.Create(new() { Model = "nope", MaxTokens = 1, Messages = [new Api.UserMessageParam("Hello")] }));
        await Assert.ThrowsAsync<AnthropicBadRequestException>(async () =>
        {
            await foreach (Api.RawMessageStreamEvent _ in _client.Messages.CreateStreaming(new() { Model = "demo", MaxTokens = 1, Messages = [] })) { }
        });
    }

    [Fact]
    public async Task Leaving_its_stream_early_ends_the_request()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using HttpClient http = Leaving.Client();
        using var client = new AnthropicClient { BaseUrl = server.Address.ToString().TrimEnd('/'), ApiKey = "none", MaxRetries = 0, HttpClient = http };
        Api.MessageCreateParams asked = With(new() { Model = "demo", MaxTokens = 400, Messages = [new Api.UserMessageParam("Tell me a story.")] }, "ignore_eos", "true");
        await server.LeaveAsync(demo.Engine, async () =>
        {
            await foreach (Api.RawMessageStreamEvent _ in client.Messages.CreateStreaming(asked)) break;
        });
    }

    public void Dispose() => _client.Dispose();

    private static string TextOf(Api.Message message) => string.Concat(message.Content.Select(block => block.TryPickText(out Api.TextBlock? text) ? text.Text : ""));

    /// <summary>The package has no temperature of its own any more.</summary>
    private static Api.MessageCreateParams Greedy(Api.MessageCreateParams asked) => With(asked, "temperature", "0");

    private static Api.MessageCreateParams With(Api.MessageCreateParams asked, string field, string json) =>
        Api.MessageCreateParams.FromRawUnchecked(asked.RawHeaderData, asked.RawQueryData, new Dictionary<string, JsonElement>(asked.RawBodyData) { [field] = JsonElement.Parse(json) });
}
