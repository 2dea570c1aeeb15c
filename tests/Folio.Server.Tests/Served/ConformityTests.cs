using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>Every kind of request and answer of the routes that OpenAI describes, held against its description (by <see cref="Conformity"/>, as in all tests here); and none of the listed deviations is without need.</summary>
public sealed class ConformityTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private const string Schema = """{"type":"object","properties":{"a":{"type":"integer","maximum":9}},"required":["a"],"additionalProperties":false}""";
    private const string Tool = """{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"enum":[1]}},"required":["a"]}}}""";

    /// <summary>Fields that both routes take; an answer may be streamed unless it has those of <see cref="s_whole"/>.</summary>
    private static readonly string[] s_streamable =
    [
        """{"max_tokens":2,"top_k":5,"min_p":0.1,"repetition_penalty":1.1,"allowed_token_ids":[400,401],"min_tokens":1,"stop_token_ids":[9],"include_stop_str_in_output":true,"ignore_eos":true,"skip_special_tokens":true}""",
        """{"max_tokens":2,"model":"demo","cache_salt":"s","priority":0,"return_token_ids":true,"request_id":"r","stream_interval":2,"truncate_prompt_tokens":4,"add_special_tokens":true,"logit_bias":{"400":1.5},"bad_words":["dog"],"echo":true}""",
        """{"max_tokens":3,"n":2,"seed":1,"temperature":1,"frequency_penalty":0.5,"presence_penalty":0.5,"top_p":0.9,"stop":["z"],"user":"u"}""",
        """{"max_tokens":20,"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":""" + Schema + "}}}",
        """{"max_tokens":4,"structured_outputs":{"choice":["yes","no"]}}""", """{"max_tokens":20,"guided_json":""" + Schema + "}", """{"max_tokens":4,"guided_regex":"a"}""", """{"max_tokens":4,"guided_choice":["a"]}""", """{"max_tokens":4,"guided_grammar":"root ::= \"a\""}""",
    ];

    private static readonly string[] s_whole =
    [
        """{"max_tokens":3,"prompt_logprobs":1,"return_token_ids":true}""", """{"max_tokens":3,"n":2,"use_beam_search":true,"length_penalty":0.5,"early_stopping":"never"}""", """{"max_tokens":3,"best_of":21,"n":2}""",
    ];

    private static readonly string[] s_completions =
    [
        """{"max_tokens":3,"logprobs":10,"return_tokens_as_token_ids":true,"echo":true,"prompt":["Once upon a time","The dog"]}""", """{"max_tokens":0,"echo":true,"logprobs":1}""", """{"max_tokens":1,"prompt":[[400,401],[402]]}""",
    ];

    private static readonly string[] s_chats =
    [
        """{"max_completion_tokens":3,"logprobs":true,"top_logprobs":2,"return_tokens_as_token_ids":true,"metadata":{"a":"b"},"store":false,"service_tier":"auto"}""",
        """{"max_tokens":2,"documents":[{"text":"d"}],"add_generation_prompt":true,"chat_template_kwargs":{"x":1},"include_reasoning":true,"reasoning_effort":"low"}""",
        """{"max_tokens":2,"messages":[{"role":"user","content":[{"type":"text","text":"Tell"}]},{"role":"assistant","content":"Once"}],"continue_final_message":true,"add_generation_prompt":false,"echo":true}""",
        """{"max_tokens":200,"tool_choice":"required","parallel_tool_calls":false,"tools":[""" + Tool + "]}", """{"max_tokens":200,"tool_choice":{"type":"function","function":{"name":"f"}},"tools":[""" + Tool + "]}",
        """{"max_tokens":3,"tools":[""" + Tool + "]}", """{"max_tokens":3,"tool_choice":"none","tools":[""" + Tool + "]}",
        """{"max_tokens":2,"messages":[{"role":"developer","content":"s"},{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"4"},{"role":"assistant","content":[]},{"role":"user","content":"hi","tool_calls":[]}]}""",
    ];

    private static readonly string[] s_embeddings =
    [
        """{"input":"Once","model":"demo","user":"u","encoding_format":"float"}""", """{"input":["Once","upon"],"encoding_format":"base64","normalize":true,"use_activation":true,"cache_salt":"s"}""",
        """{"input":[400,401],"truncate_prompt_tokens":1,"priority":0,"request_id":"r"}""", """{"input":[[400],[401,402]],"add_special_tokens":false}""",
    ];

    private static readonly string[] s_responses =
    [
        """{"max_output_tokens":2,"top_k":5,"min_p":0.1,"repetition_penalty":1.1,"presence_penalty":0.5,"frequency_penalty":0.5,"allowed_token_ids":[400,401],"min_tokens":1,"stop_token_ids":[9],"include_stop_str_in_output":true,"ignore_eos":true,"skip_special_tokens":true}""",
        """{"max_output_tokens":3,"logit_bias":{"400":1},"bad_words":["dog"],"stop":["z"],"seed":1,"cache_salt":"s","priority":0,"documents":[{"text":"d"}],"chat_template_kwargs":{"x":1},"include_reasoning":true,"user":"u","store":false}""",
        """{"max_output_tokens":20,"instructions":"i","metadata":{"a":"b"},"temperature":1,"top_p":0.9,"include":["message.output_text.logprobs"],"top_logprobs":2,"truncation":"auto","reasoning":{"effort":"low","summary":"auto"},"text":{"format":{"type":"json_schema","name":"s","strict":true,"schema":""" + Schema + "}}}",
        """{"max_output_tokens":4,"structured_outputs":{"choice":["yes","no"]}}""", """{"max_output_tokens":20,"guided_json":""" + Schema + "}", """{"max_output_tokens":4,"guided_regex":"a"}""", """{"max_output_tokens":4,"guided_choice":["a"]}""", """{"max_output_tokens":4,"guided_grammar":"root ::= \"a\""}""",
        """{"max_output_tokens":200,"tool_choice":"required","parallel_tool_calls":false,"tools":[{"type":"function","name":"f"},{"type":"function","name":"g","strict":null,"parameters":{"type":"object"},"description":"d"}]}""",
        """{"max_output_tokens":16,"input":[{"role":"developer","content":"s"},{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"reasoning","id":"r","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"4"}]}""",
    ];

    [Fact]
    public async Task Requests_answers_and_events_are_as_OpenAI_describes_them_but_for_what_is_listed()
    {
        TestData.Shared("suites", "openai", "openapi.json");
        await using Server reasons = await Server.StartAsync(demo.Engine, new() { ReasoningParser = "deepseek_r1" });
        await using Server trusts = await Server.StartAsync(demo.Engine, new() { TrustRequestChatTemplate = true });
        await using Server asksForKeys = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["k"] });

        foreach (string fields in (string[])[.. s_streamable, .. s_completions]) await WholeAndStreamed(fixture.Server, "/v1/completions", fields);
        foreach (string fields in (string[])[.. s_streamable, .. s_chats]) await WholeAndStreamed(fixture.Server, "/v1/chat/completions", fields);
        foreach (string fields in s_responses) await WholeAndStreamed(fixture.Server, "/v1/responses", fields);
        foreach (string fields in s_whole)
        {
            (await fixture.Server.CompleteAsync(Body("/v1/completions", fields, null))).Ok();
            (await fixture.Server.ChatAsync(Body("/v1/chat/completions", fields, null))).Ok();
        }

        foreach (string body in s_embeddings) (await fixture.Server.PostAsync("/v1/embeddings", body)).Ok();
        await WholeAndStreamed(reasons, "/v1/chat/completions", """{"max_tokens":40,"guided_regex":"<think>ab</think>c"}""");
        await WholeAndStreamed(trusts, "/v1/chat/completions", """{"max_tokens":1,"chat_template":"{{ messages[0].content }}","logprobs":true,"logprob_token_ids":[5]}""");
        await WholeAndStreamed(trusts, "/v1/completions", """{"max_tokens":1,"logprobs":0,"logprob_token_ids":[5]}""");
        await WholeAndStreamed(trusts, "/v1/responses", """{"max_output_tokens":3,"chat_template":"{{ messages[0].content }}","include":["message.output_text.logprobs"],"logprob_token_ids":[5],"stream_interval":2}""");
        await WholeAndStreamed(reasons, "/v1/responses", """{"max_output_tokens":40,"guided_regex":"<think>ab</think>c"}""");
        (await fixture.Server.GetAsync("/v1/models")).Ok();
        (await fixture.Server.GetAsync("/v1/models/demo")).Ok();
        (await fixture.Server.GetAsync("/v1/models/other")).Refused(404);
        (await fixture.Server.GetAsync("/v1/completions")).Refused(405);
        (await fixture.Server.CompleteAsync(new { prompt = 5 })).Refused(400);
        (await asksForKeys.CompleteAsync(new { prompt = "x" })).Refused(401);

        Assert.Equal([], Deviations.All.Keys.Except(Conformity.Met.Keys).Order(StringComparer.Ordinal));
    }

    private static async Task WholeAndStreamed(Server server, string path, string fields)
    {
        (await server.PostAsync(path, Body(path, fields, null))).Ok();
        string options = path == "/v1/responses" ? """{"include_obfuscation":true}""" : """{"include_usage":true,"continuous_usage_stats":true}""";
        (await server.PostAsync(path, Body(path, fields, options))).Ok();
    }

    private static string Body(string path, string fields, string? streamOptions)
    {
        JsonObject body = JsonNode.Parse(fields)!.AsObject();
        bool isChat = path.Contains("chat", StringComparison.Ordinal);
        if (isChat) body.TryAdd("messages", JsonNode.Parse("""[{"role":"user","content":"Hello"}]"""));
        else body.TryAdd(path == "/v1/responses" ? "input" : "prompt", "Once upon a time");
        if (streamOptions is not null) (body["stream"], body["stream_options"]) = (true, JsonNode.Parse(streamOptions));
        return body.ToJsonString();
    }
}
