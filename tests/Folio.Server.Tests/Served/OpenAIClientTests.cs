using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace Folio.Server.Tests;

/// <summary>OpenAI's own .NET package, pointed here.</summary>
public sealed class OpenAIClientTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private readonly OpenAIClient _client = new(new ApiKeyCredential("none"), new() { Endpoint = new(fixture.Server.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(0) });

    private ChatClient Chat => _client.GetChatClient("demo");

    [Fact]
    public async Task It_chats_whole_and_streamed_with_the_same_words()
    {
        OpenAI.Chat.ChatMessage[] messages = [new SystemChatMessage("You tell stories."), new UserChatMessage("Tell me a story about a dog.")];
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 24, IncludeLogProbabilities = true, TopLogProbabilityCount = 2, EndUserId = "me" };
        ChatCompletion whole = await Chat.CompleteChatAsync(messages, options);
        Assert.Equal((ChatMessageRole.Assistant, "demo", 24), (whole.Role, whole.Model, whole.Usage.OutputTokenCount));
        Assert.Equal(ChatFinishReason.Length, whole.FinishReason);
        Assert.Equal(24, whole.ContentTokenLogProbabilities.Count);
        Assert.Equal(2, whole.ContentTokenLogProbabilities[0].TopLogProbabilities.Count);

        string text = "";
        int tokens = 0;
        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync(messages, options))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            if (update.Usage is { } usage) tokens = usage.OutputTokenCount; // it asks for include_usage by itself
        }

        Assert.Equal((whole.Content[0].Text, 24), (text, tokens));
    }

    [Fact]
    public async Task It_calls_tools_and_sends_their_results_back()
    {
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 240, ToolChoice = ChatToolChoice.CreateFunctionChoice("now"), AllowParallelToolCalls = false };
        options.Tools.Add(ChatTool.CreateFunctionTool("now", "The time."));
        List<OpenAI.Chat.ChatMessage> messages = [new UserChatMessage("What time is it?")];
        ChatCompletion whole = await Chat.CompleteChatAsync(messages, options);
        OpenAI.Chat.ChatToolCall call = Assert.Single(whole.ToolCalls);
        Assert.Equal((ChatFinishReason.ToolCalls, "now", JsonValueKind.Object), (whole.FinishReason, call.FunctionName, JsonElement.Parse(call.FunctionArguments).ValueKind));

        string name = "", arguments = "";
        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync(messages, options))
        {
            foreach (StreamingChatToolCallUpdate piece in update.ToolCallUpdates) (name, arguments) = (name + piece.FunctionName, arguments + piece.FunctionArgumentsUpdate);
        }

        Assert.Equal((call.FunctionName, call.FunctionArguments.ToString()), (name, arguments));
        messages.AddRange([new AssistantChatMessage(whole), new ToolChatMessage(call.Id, "noon")]);
        Assert.NotEmpty((await Chat.CompleteChatAsync(messages, new() { Temperature = 0, MaxOutputTokenCount = 8 })).Value.Content);
    }

    [Fact]
    public async Task It_asks_for_a_form_and_gets_it()
    {
        var options = new ChatCompletionOptions
        {
            Temperature = 0,
            MaxOutputTokenCount = 240,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("answer", BinaryData.FromString("""{"type":"object","properties":{"answer":{"enum":["yes","no"]}},"required":["answer"],"additionalProperties":false}"""), jsonSchemaIsStrict: true),
        };
        ChatCompletion whole = await Chat.CompleteChatAsync([new UserChatMessage("Yes or no?")], options);
        Assert.Contains(JsonElement.Parse(whole.Content[0].Text).GetProperty("answer").GetString(), (string[])["yes", "no"]);
        Assert.Equal(ChatFinishReason.Stop, whole.FinishReason);
    }

    [Fact]
    public async Task It_sees_models_and_errors_as_its_own()
    {
        OpenAIModelCollection models = await _client.GetOpenAIModelClient().GetModelsAsync();
        Assert.Equal(["demo", "demo-alias"], models.Select(model => model.Id));
        ClientResultException missing = await Assert.ThrowsAsync<ClientResultException>(() => _client.GetChatClient("nope").CompleteChatAsync("Hello"));
        Assert.Equal(404, missing.Status);
        Assert.Contains("nope", missing.Message);
        ClientResultException bad = await Assert.ThrowsAsync<ClientResultException>(() => Chat.CompleteChatAsync([new UserChatMessage("Hello")], new() { Temperature = 9 }));
        Assert.Equal(400, bad.Status);
    }

    [Fact]
    public async Task It_is_told_how_much_of_a_prompt_was_cached()
    {
        OpenAI.Chat.ChatMessage[] messages = [new UserChatMessage("Tell me a story about a client that asks the same thing twice, word for word, and is answered sooner.")];
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 2 };
        Assert.Equal(0, (await Chat.CompleteChatAsync(messages, options)).Value.Usage.InputTokenDetails.CachedTokenCount);
        ChatTokenUsage again = (await Chat.CompleteChatAsync(messages, options)).Value.Usage;
        Assert.Equal((again.InputTokenCount - 1) / 16 * 16, again.InputTokenDetails.CachedTokenCount);
        Assert.True(again.InputTokenDetails.CachedTokenCount > 0);
    }

    [Fact]
    public async Task Leaving_its_stream_early_ends_the_request()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        ChatClient chat = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new(server.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(0), Transport = new HttpClientPipelineTransport(Leaving.Client()) }).GetChatClient("demo");
        await server.LeaveAsync(demo.Engine, async () =>
        {
            await foreach (StreamingChatCompletionUpdate _ in chat.CompleteChatStreamingAsync([new UserChatMessage("Tell me a story.")], new() { MaxOutputTokenCount = 400, Temperature = 0 })) break;
        });
    }
}
