using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>A model that has a mark of its calls as a special token, as Mistral's have.</summary>
public sealed class MarkTokenTests
{
    private const string Mark = "[TOOL_CALLS]";

    [Fact]
    public async Task Calls_that_are_forced_begin_with_the_token_that_the_model_was_taught()
    {
        using var backend = new CpuBackend(threads: 2);
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModelWithMark(Mark), backend, new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(engine);
        int mark = engine.Model.Tokenizer!.FindToken(Mark)!.Value;
        Assert.True(engine.Model.Tokenizer.IsSpecial(mark));

        int obeyed = 0;
        foreach (int seed in Enumerable.Range(0, 4))
        {
            JsonObject body = JsonNode.Parse($$"""
                {"messages":[{"role":"user","content":"What is the weather in Bern?"}],"tool_choice":"required","parallel_tool_calls":false,"max_tokens":160,"return_token_ids":true,"seed":{{seed}},
                "tools":[{"type":"function","function":{"name":"get_weather","parameters":{{ToolTests.Weather}} } }]}
                """)!.AsObject();
            JsonElement choice = (await server.ChatAsync(body.ToJsonString())).Ok().Choice, message = choice.GetProperty("message");
            Assert.Equal([mark], choice.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32()).Where(engine.Model.Tokenizer.IsSpecial));
            Assert.Equal(mark, choice.GetProperty("token_ids")[0].GetInt32());
            Assert.Equal("", message.GetProperty("content").GetString());
            JsonElement function = Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function");
            Assert.Equal("get_weather", function.GetProperty("name").GetString());
            if (choice.GetProperty("finish_reason").GetString() == "length") continue;
            ToolTests.AssertObeys("get_weather", function.GetProperty("arguments").GetString()!);
            obeyed++;
        }

        Assert.True(obeyed > 0);
    }
}
