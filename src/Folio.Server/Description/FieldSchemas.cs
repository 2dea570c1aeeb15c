namespace Folio.Server;

/// <summary>The JSON schema of each field of the requests, by its name; where a route means another thing by it, by the route's path and the name.</summary>
/// <remarks>A description for readers and generators of clients and tests. What is accepted is decided where a field is read; a field that isn't listed here is described as any value.</remarks>
internal static class FieldSchemas
{
    private const string Any = "{}";
    private const string Text = """{"type":["string","null"]}""";
    private const string Flag = """{"type":["boolean","null"]}""";
    private const string Count = """{"type":["integer","null"],"minimum":1}""";
    private const string Ids = """{"type":["array","null"],"items":{"type":"integer","minimum":0}}""";
    private const string Texts = """{"type":["array","null"],"items":{"type":"string","minLength":1}}""";
    private const string Labels = """{"type":["object","null"],"additionalProperties":{"type":"string"}}""";

    private const string Messages = """
        {"type":"array","minItems":1,"items":{"type":"object","required":["role"],"properties":{"role":{"type":"string","enum":["user","system","assistant","developer","tool","function"],"description":"Also a role that the model's template compares with."},
        "content":{"type":["string","array","null"],"items":{"type":"object","required":["type"],"properties":{"type":{"type":"string","enum":["text"]},"text":{"type":"string"}}}}}}}
        """;

    private const string Input = """
        {"oneOf":[{"type":"string"},{"type":"array","minItems":1,"items":{"oneOf":[{"type":"object","required":["role","content"],"properties":{"type":{"type":"string","enum":["message"]},"role":{"type":"string","enum":["user","assistant","system","developer"]},
        "content":{"type":["string","array"],"items":{"type":"object","required":["type","text"],"properties":{"type":{"type":"string","enum":["input_text","output_text"]},"text":{"type":"string"}}}}}},
        {"type":"object","required":["type","call_id","name","arguments"],"properties":{"type":{"type":"string","enum":["function_call"]},"call_id":{"type":"string"},"name":{"type":"string"},"arguments":{"type":"string","enum":["{}"]}}},
        {"type":"object","required":["type","call_id","output"],"properties":{"type":{"type":"string","enum":["function_call_output"]},"call_id":{"type":"string"},"output":{"type":"string"}}},
        {"type":"object","required":["type","summary"],"properties":{"type":{"type":"string","enum":["reasoning"]},"summary":{"type":"array","items":{"type":"object","required":["type","text"],"properties":{"type":{"type":"string","enum":["summary_text"]},"text":{"type":"string"}}}}}}]}}]}
        """;

    private static readonly Dictionary<string, string> s_schemas = new(StringComparer.Ordinal)
    {
        ["model"] = Text,
        ["encoding_format"] = """{"enum":["float","base64",null]}""",
        ["dimensions"] = Count,
        ["normalize"] = Flag,
        ["use_activation"] = Flag,
        ["messages"] = Messages,
        ["n"] = """{"type":["integer","null"],"minimum":1,"maximum":128}""",
        ["best_of"] = """{"type":["integer","null"],"minimum":1,"maximum":128}""",
        ["use_beam_search"] = Flag,
        ["length_penalty"] = """{"type":["number","null"]}""",
        ["early_stopping"] = """{"enum":[true,false,"never",null]}""",
        ["temperature"] = """{"type":["number","null"],"minimum":0,"maximum":2}""",
        ["top_p"] = """{"type":["number","null"],"exclusiveMinimum":0,"maximum":1}""",
        ["top_k"] = """{"type":["integer","null"],"minimum":-1}""",
        ["min_p"] = """{"type":["number","null"],"minimum":0,"maximum":1}""",
        ["repetition_penalty"] = """{"type":["number","null"],"exclusiveMinimum":0}""",
        ["presence_penalty"] = """{"type":["number","null"],"minimum":-2,"maximum":2}""",
        ["frequency_penalty"] = """{"type":["number","null"],"minimum":-2,"maximum":2}""",
        ["logit_bias"] = """{"type":["object","null"],"additionalProperties":{"type":"number","minimum":-100,"maximum":100},"propertyNames":{"pattern":"^[0-9]+$"}}""",
        ["allowed_token_ids"] = Ids,
        ["bad_words"] = Texts,
        ["max_tokens"] = """{"type":["integer","null"],"minimum":0}""",
        ["/v1/chat/completions max_tokens"] = Count,
        ["max_completion_tokens"] = Count,
        ["min_tokens"] = """{"type":["integer","null"],"minimum":0}""",
        ["stop"] = """{"oneOf":[{"type":["string","null"],"minLength":1},{"type":"array","maxItems":4,"items":{"type":"string","minLength":1}}]}""",
        ["stop_token_ids"] = Ids,
        ["include_stop_str_in_output"] = Flag,
        ["ignore_eos"] = Flag,
        ["seed"] = """{"type":["integer","null"]}""",
        ["skip_special_tokens"] = Flag,
        ["spaces_between_special_tokens"] = Flag,
        ["stream_interval"] = Count,
        ["logprob_token_ids"] = """{"type":["array","null"],"maxItems":128,"items":{"type":"integer","minimum":0}}""",
        ["/v1/chat/completions logprobs"] = Flag,
        ["user"] = Text,
        ["cache_salt"] = """{"type":["string","null"],"minLength":1}""",
        ["priority"] = """{"type":["integer","null"]}""",
        ["stream"] = Flag,
        ["stream_options"] = """{"type":["object","null"],"properties":{"include_usage":{"type":["boolean","null"]},"continuous_usage_stats":{"type":["boolean","null"]}}}""",
        ["echo"] = Flag,
        ["return_token_ids"] = Flag,
        ["return_tokens_as_token_ids"] = Flag,
        ["return_token_strs"] = Flag,
        ["request_id"] = """{"type":["string","null"],"maxLength":128,"pattern":"^[!-~]*$"}""",
        ["truncate_prompt_tokens"] = """{"type":["integer","null"],"minimum":-1}""",
        ["add_special_tokens"] = Flag,
        ["add_generation_prompt"] = Flag,
        ["continue_final_message"] = Flag,
        ["chat_template"] = Text,
        ["chat_template_kwargs"] = """{"type":["object","null"]}""",
        ["documents"] = """{"type":["array","null"],"items":{"type":"object"}}""",
        ["tools"] = """{"type":["array","null"],"items":{"type":"object","required":["type","function"],"properties":{"type":{"type":"string","enum":["function"]},"function":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"description":{"type":"string"},"parameters":{"type":"object"}}}}}}""",
        ["tool_choice"] = """{"oneOf":[{"type":["string","null"],"enum":["none","auto","required",null]},{"type":"object"}]}""",
        ["parallel_tool_calls"] = Flag,
        ["response_format"] = """
            {"oneOf":[{"type":["object","null"],"required":["type"],"properties":{"type":{"type":"string","enum":["text","json_object"]}}},
            {"type":"object","required":["type","json_schema"],"properties":{"type":{"type":"string","enum":["json_schema"]},"json_schema":{"type":"object","properties":{"name":{"type":"string"},"description":{"type":"string"},"schema":{"type":"object"},"strict":{"type":"boolean"}}}}}]}
            """,
        ["reasoning_effort"] = """{"type":["string","null"],"enum":""" + ResponseWords.JsonOrNull(ChatPrompt.Efforts) + ""","description":"Also one that the model's template compares with."}""",
        ["include_reasoning"] = Flag,
        ["modalities"] = """{"type":["array","null"],"items":{"type":"string","enum":["text"]}}""",
        ["metadata"] = Labels,
        ["store"] = Flag,
        ["service_tier"] = """{"type":["string","null"],"enum":["auto","default","fast","flex","priority","scale","ultrafast",null]}""",
        ["safety_identifier"] = Text,
        ["prompt_cache_key"] = Text,
        ["prompt_cache_retention"] = """{"type":["string","null"],"enum":["in_memory","in-memory","24h",null]}""",
        ["prompt_cache_options"] = """{"type":["object","null"]}""",
        ["prediction"] = """{"type":["object","null"],"required":["type","content"],"properties":{"type":{"type":"string","enum":["content"]},"content":{"type":"string"}}}""",
        ["/v1/responses input"] = Input,
        ["instructions"] = Text,
        ["previous_response_id"] = Text,
        ["max_output_tokens"] = Count,
        ["max_tool_calls"] = Count,
        ["/v1/responses tools"] = """{"type":["array","null"],"items":{"type":"object","required":["type","name"],"properties":{"type":{"type":"string","enum":["function"]},"name":{"type":"string"},"description":{"type":["string","null"]},"parameters":{"type":["object","null"]},"strict":{"type":["boolean","null"]}}}}""",
        ["text"] = """{"type":["object","null"],"properties":{"format":{"type":["object","null"],"required":["type"],"properties":{"type":{"type":"string","enum":["text","json_object","json_schema"]},"name":{"type":"string"},"schema":{"type":"object"},"strict":{"type":["boolean","null"]}}}}}""",
        ["reasoning"] = """{"type":["object","null"],"properties":{"effort":{"type":["string","null"],"enum":""" + ResponseWords.JsonOrNull(ResponseWords.Efforts) + """},"summary":{"type":["string","null"],"enum":""" + ResponseWords.JsonOrNull(ResponseWords.Summaries) + "}}}",
        ["include"] = """{"type":["array","null"],"items":{"type":"string","enum":""" + ResponseWords.Json(ResponseWords.Include) + "}}",
        ["truncation"] = """{"type":["string","null"],"enum":["auto","disabled",null]}""",
        ["background"] = """{"type":["boolean","null"],"enum":[false,null]}""",
        ["/v1/responses stream_options"] = """{"type":["object","null"],"properties":{"include_obfuscation":{"type":["boolean","null"]}}}""",
        ["tokens"] = """{"type":"array","items":{"type":"integer","minimum":0}}""",
        ["/tokenize prompt"] = """{"type":["string","null"]}""",
        ["/v1/prefixes id"] = """{"type":["string","null"],"minLength":1,"maxLength":128}""",
    };

    /// <param name="served">Whose options bound some of them.</param>
    public static string Of(string path, string field, ServedModel served) => path.StartsWith("/v1/messages", StringComparison.Ordinal) && MessagesSchemas.ByField.TryGetValue(field, out string? anthropics) ? anthropics
        : s_schemas.TryGetValue($"{path} {field}", out string? own) ? own : Bounded(field, served) ?? s_schemas.GetValueOrDefault(field, Any);

    /// <summary>What the operator's options bound.</summary>
    private static string? Bounded(string field, ServedModel served) => field switch
    {
        "logprobs" or "top_logprobs" or "prompt_logprobs" => $$"""{"type":["integer","null"],"minimum":0,"maximum":{{served.Engine.Options.MaxLogprobs}}}""",
        "prompt" => Prompts(served.Options.MaxSequencesPerRequest),
        "input" => Prompts(served.Options.MaxEmbeddingInputs),
        _ => null,
    };

    /// <summary>A text, texts, ids, or lists of ids.</summary>
    private static string Prompts(int most) => $$$$"""
        {"oneOf":[{"type":"string","minLength":1},{"type":"array","minItems":1,"maxItems":{{{{most}}}},"items":{"type":"string","minLength":1}},{"type":"array","minItems":1,"items":{"type":"integer","minimum":0}},
        {"type":"array","minItems":1,"maxItems":{{{{most}}}},"items":{"type":"array","minItems":1,"items":{"type":"integer","minimum":0}}}]}
        """;
}
