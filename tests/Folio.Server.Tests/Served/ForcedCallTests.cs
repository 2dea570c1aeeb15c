using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>Calls that must be made, by the APIs that aren't chats: they are held to their tool's schema as well.</summary>
public sealed class ForcedCallTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const int Seeds = 6;
    private const string Question = "What is the weather in Bern?", NoArguments = """{"type":"object","additionalProperties":false}""";

    private Server Server => fixture.Server;

    [Theory]
    [InlineData("\"required\"")]
    [InlineData("""{"type":"function","name":"get_weather"}""")]
    public async Task V16_Calls_of_a_response_obey_their_schemas_whole_and_streamed(string choice)
    {
        JsonObject request = Request("input", $"\"{Question}\"", choice, "max_output_tokens");
        request["tools"] = JsonNode.Parse($$"""[{"type":"function","name":"get_weather","parameters":{{ToolTests.Weather}}},{"type":"function","name":"now","parameters":{{NoArguments}}}]""");
        int obeyed = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            request["seed"] = seed;
            request["stream"] = false;
            JsonElement whole = (await Server.RespondAsync(request.ToJsonString())).Response();
            request["stream"] = true;
            List<JsonElement> streamed = ResponseReplies.Assemble((await Server.RespondAsync(request.ToJsonString())).ResponseEvents());
            (string, string)[] calls = [.. whole.Output().Select(Call)];
            Assert.Equal(calls, streamed.Select(Call));
            obeyed += AssertObey(calls, choice, isCut: whole.GetProperty("status").GetString() == "incomplete");
        }

        Assert.True(obeyed > 0);

        static (string Name, string Arguments) Call(JsonElement item) => (item.GetProperty("name").GetString()!, item.GetProperty("arguments").GetString()!);
    }

    [Theory]
    [InlineData("""{"type":"any"}""")]
    [InlineData("""{"type":"tool","name":"get_weather"}""")]
    public async Task V16_Calls_of_a_message_obey_their_schemas_whole_and_streamed(string choice)
    {
        JsonObject request = Request("messages", $$"""[{"role":"user","content":"{{Question}}"}]""", choice, "max_tokens");
        request["tools"] = JsonNode.Parse($$"""[{"name":"get_weather","input_schema":{{ToolTests.Weather}}},{"name":"now","input_schema":{{NoArguments}}}]""");
        int obeyed = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            request["seed"] = seed;
            request["stream"] = false;
            Reply whole = (await Server.PostAsync("/v1/messages", request.ToJsonString())).Ok();
            request["stream"] = true;
            bool isCut = whole.Json.GetProperty("stop_reason").GetString() == "max_tokens";
            (string Type, string Input, string Name)[] blocks = [.. whole.Blocks()], streamed = [.. (await Server.PostAsync("/v1/messages", request.ToJsonString())).Ok().StreamedBlocks()];
            Assert.Equal(isCut ? blocks[..^1] : blocks, isCut ? streamed[..^1] : streamed); // a call that is cut off is closed only where it is told whole
            Assert.All(blocks, block => Assert.Equal("tool_use", block.Type));
            obeyed += AssertObey([.. blocks.Select(block => (block.Name, block.Input))], choice, isCut);
        }

        Assert.True(obeyed > 0);
    }

    private static JsonObject Request(string conversation, string value, string choice, string limit) => new()
    {
        [conversation] = JsonNode.Parse(value),
        ["tool_choice"] = JsonNode.Parse(choice),
        [limit] = 160,
        ["temperature"] = 1,
    };

    /// <returns>How many did; one that is cut off can't.</returns>
    private static int AssertObey((string Name, string Arguments)[] calls, string choice, bool isCut)
    {
        Assert.NotEmpty(calls);
        if (choice.Contains("get_weather", StringComparison.Ordinal)) Assert.All(calls, call => Assert.Equal("get_weather", call.Name));
        (string Name, string Arguments)[] whole = isCut ? calls[..^1] : calls;
        foreach ((string name, string arguments) in whole) ToolTests.AssertObeys(name, arguments);
        return whole.Length;
    }
}
