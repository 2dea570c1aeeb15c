namespace Folio.Server;

/// <summary>A schema for each field of the bodies of /v1/messages that differs from, or is not among, those of the other routes.</summary>
internal static class MessagesSchemas
{
    private const string CacheControl = """{"type":["object","null"],"properties":{"type":{"type":"string","enum":["ephemeral"]},"ttl":{"type":"string","enum":["5m","1h"]}}}""";

    private const string TextBlock = """{"type":"object","required":["type","text"],"properties":{"type":{"type":"string","enum":["text"]},"text":{"type":"string"}}}""";

    private const string Text = """{"oneOf":[{"type":["string","null"]},{"type":"array","items":""" + TextBlock + "}]}";

    private const string Format = """{"type":["object","null"],"required":["type","schema"],"properties":{"type":{"type":"string","enum":["json_schema"]},"schema":{"type":"object"}}}""";

    private const string Block = """{"oneOf":[""" + TextBlock + """
        ,{"type":"object","required":["type","thinking"],"properties":{"type":{"type":"string","enum":["thinking"]},"thinking":{"type":"string"},"signature":{"type":"string"}}},
        {"type":"object","required":["type","data"],"properties":{"type":{"type":"string","enum":["redacted_thinking"]},"data":{"type":"string"}}},
        {"type":"object","required":["type","id","name","input"],"properties":{"type":{"type":"string","enum":["tool_use"]},"id":{"type":"string"},"name":{"type":"string"},"input":{"type":"object"}}},
        {"type":"object","required":["type","tool_use_id"],"properties":{"type":{"type":"string","enum":["tool_result"]},"tool_use_id":{"type":"string"},"is_error":{"type":"boolean"},"content":
        """ + Text + "}}]}";

    public static IReadOnlyDictionary<string, string> ByField { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["messages"] = """
            {"type":"array","minItems":1,"items":{"type":"object","required":["role","content"],"properties":{"role":{"type":"string","enum":["user","assistant","system"]},"content":{"oneOf":[{"type":"string"},{"type":"array","items":
            """ + Block + "}]}}}}",
        ["system"] = Text,
        ["max_tokens"] = """{"type":"integer","minimum":0}""",
        ["stop_sequences"] = """{"type":["array","null"],"maxItems":4,"items":{"type":"string","minLength":1}}""",
        ["metadata"] = """{"type":["object","null"],"properties":{"user_id":{"type":["string","null"]}}}""",
        ["cache_control"] = CacheControl,
        ["thinking"] = $$$$"""
            {"oneOf":[{"type":["object","null"],"required":["type","budget_tokens"],"properties":{"type":{"type":"string","enum":["{{{{MessagesWords.Enabled}}}}"]},"budget_tokens":{"type":"integer","minimum":{{{{MessagesWords.LeastThinkingBudget}}}}},"display":{"enum":{{{{ResponseWords.JsonOrNull(MessagesWords.Displays)}}}}}}},
            {"type":"object","required":["type"],"properties":{"type":{"type":"string","enum":["{{{{MessagesWords.Adaptive}}}}","{{{{MessagesWords.Disabled}}}}"]}}}]}
            """,
        ["output_config"] = """{"type":["object","null"],"properties":{"effort":{"enum":""" + ResponseWords.JsonOrNull(MessagesWords.Efforts) + """},"format":""" + Format + "}}",
        ["output_format"] = Format,
        ["tools"] = """
            {"type":["array","null"],"items":{"type":"object","required":["name","input_schema"],"properties":{"type":{"enum":["custom",null]},"name":{"type":"string"},"description":{"type":"string"},"input_schema":{"type":"object"},
            "strict":{"type":"boolean"},"eager_input_streaming":{"type":["boolean","null"]},"cache_control":
            """ + CacheControl + "}}}",
        ["tool_choice"] = """
            {"type":["object","null"],"required":["type"],"properties":{"type":{"type":"string","enum":["auto","any","tool","none"]},"name":{"type":"string"},"disable_parallel_tool_use":{"type":"boolean"}}}
            """,
        ["speed"] = """{"enum":["standard","fast",null]}""",
        ["service_tier"] = """{"enum":["auto","standard_only",null]}""",
    };
}
