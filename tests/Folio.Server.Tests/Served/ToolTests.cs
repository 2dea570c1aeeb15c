using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class ToolTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private static readonly object[] Hello = [new { role = "user", content = "Hello" }];

    private static readonly object[] Tools =
        [new { type = "function", function = new { name = "get_weather", description = "w", parameters = new { type = "object", properties = new { city = new { type = "string" } }, required = new[] { "city" } } } }];

    private Server Server => fixture.Server;

    [Fact]
    public async Task A_model_that_calls_nothing_answers_with_text_streamed_and_not()
    {
        Reply whole = (await Server.ChatAsync(new { messages = Hello, tools = Tools, temperature = 0, max_tokens = 24 })).Ok();
        Assert.False(whole.Choice.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.NotEmpty(whole.Content);
        Assert.NotEqual("tool_calls", whole.Choice.GetProperty("finish_reason").GetString());

        Reply stream = (await Server.ChatAsync(new { messages = Hello, tools = Tools, temperature = 0, max_tokens = 24, stream = true, logprobs = true })).Ok();
        JsonElement[] choices = [.. stream.Events.Select(chunk => chunk.GetProperty("choices")[0])];
        Assert.Equal(whole.Content, string.Concat(choices.Select(choice => choice.GetProperty("delta").GetProperty("content").GetString())));
        Assert.Equal(whole.Choice.GetProperty("finish_reason").GetString(), choices[^1].GetProperty("finish_reason").GetString());
        Assert.Equal(whole.Tokens, choices.Skip(1).Sum(choice => choice.GetProperty("logprobs").GetProperty("content").GetArrayLength()));
    }

    [Fact]
    public async Task Tools_are_told_to_a_model_whose_template_knows_none_unless_none_may_be_called()
    {
        int without = await PromptTokens(new { messages = Hello, max_tokens = 1 });
        Assert.True(await PromptTokens(new { messages = Hello, tools = Tools, max_tokens = 1 }) > without + 40);
        Assert.Equal(without, await PromptTokens(new { messages = Hello, tools = Tools, tool_choice = "none", max_tokens = 1 }));
    }

    [Fact]
    public async Task Calls_and_their_results_are_a_part_of_the_conversation()
    {
        object[] messages =
        [
            new { role = "user", content = "Weather?" },
            new { role = "assistant", content = (string?)null, tool_calls = new[] { new { id = "call-1", type = "function", function = new { name = "get_weather", arguments = "{\"city\": \"Bern\"}" } } } },
            new { role = "tool", tool_call_id = "call-1", content = "Sunny" },
        ];
        Assert.True(await PromptTokens(new { messages, max_tokens = 1 }) > await PromptTokens(new { messages = messages[..1], max_tokens = 1 }) + 20);
    }

    [Theory]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","parameters":"x"}}]}""", "tools[0].function.parameters")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]}""", "tools[1].function.name")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}}""", "tool_choice.function.name")]
    [InlineData("""{"tool_choice":"auto"}""", "tool_choice")]
    public async Task Tools_that_cannot_be_used_are_refused_by_their_place(string fields, string parameter) =>
        (await Server.ChatAsync($"{{\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}],{fields[1..]}")).Refused(400, parameter);

    private async Task<int> PromptTokens(object body) => (await Server.ChatAsync(body)).Ok().Usage.GetProperty("prompt_tokens").GetInt32();
}
