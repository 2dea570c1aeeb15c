using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class ToolFieldsTests
{
    private const string F = """{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}""", G = """{"type":"function","function":{"name":"g"}}""";

    [Theory]
    [InlineData("{}", "None", null)]
    [InlineData("""{"tools":[]}""", "None", null)]
    [InlineData("""{"tool_choice":"none"}""", "None", null)]
    [InlineData($$$$"""{"tools":[{{{{F}}}},{{{{G}}}}]}""", "Auto", null)]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":"auto"}""", "Auto", null)]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":"none"}""", "None", null)]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":"required"}""", "Required", null)]
    [InlineData($$$$"""{"tools":[{{{{F}}}},{{{{G}}}}],"tool_choice":{"type":"function","function":{"name":"g"}}}""", "Named", "g")]
    [InlineData($$$$"""{"tools":[{{{{F}}}},{{{{G}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{{{{G}}}}]}}}""", "Required", null, "g")]
    [InlineData($$$$"""{"tools":[{{{{F}}}},{{{{G}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{{{{F}}}},{{{{G}}}}]}}}""", "Auto", null, "fg")]
    public void A_request_says_what_is_to_be_called(string body, string choice, string? name, string callable = "any")
    {
        var tools = ToolFields.Read(new(JsonElement.Parse(body)));
        Assert.Equal((choice, name), (tools.Choice.ToString(), tools.Name));
        Assert.Equal(callable, tools.Allowed is null ? "any" : string.Concat(tools.Offered.Where(tools.MayCall).Select(tool => tool.Name)));
    }

    [Theory]
    [InlineData("""{"tools":{}}""", "tools")]
    [InlineData("""{"tools":[5]}""", "tools[0]")]
    [InlineData("""{"tools":[{"type":"retrieval"}]}""", "tools[0].type")]
    [InlineData("""{"tools":[{"type":"function"}]}""", "tools[0].function")]
    [InlineData("""{"tools":[{"type":"function","function":{}}]}""", "tools[0].function.name")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":""}}]}""", "tools[0].function.name")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a b"}}]}""", "tools[0].function.name")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","parameters":[]}}]}""", "tools[0].function.parameters")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","description":5}}]}""", "tools[0].function.description")]
    [InlineData($$$$"""{"tools":[{{{{F}}}},{{{{G}}}},{{{{F}}}}]}""", "tools[2].function.name")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":"maybe"}""", "tool_choice")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":5}""", "tool_choice")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"custom"}}""", "tool_choice.type")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"allowed_tools"}}""", "tool_choice.allowed_tools")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"none","tools":[]}}}""", "tool_choice.allowed_tools.mode")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}}""", "tool_choice.allowed_tools.tools")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{{{{F}}}},{{{{G}}}}]}}}""", "tool_choice.allowed_tools.tools[1].function.name")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"function"}}""", "tool_choice.function")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"function","function":{}}}""", "tool_choice.function.name")]
    [InlineData($$$$"""{"tools":[{{{{F}}}}],"tool_choice":{"type":"function","function":{"name":"g"}}}""", "tool_choice.function.name")]
    [InlineData("""{"tool_choice":"required"}""", "tool_choice")]
    [InlineData("""{"parallel_tool_calls":"yes"}""", "parallel_tool_calls")]
    public void What_cannot_be_used_is_named_by_its_place(string body, string parameter) =>
        Assert.Equal(parameter, Assert.Throws<ApiException>(() => ToolFields.Read(new(JsonElement.Parse(body)))).Parameter);
}
