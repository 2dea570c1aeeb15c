using System.Text;

namespace Folio.Server.Tests;

/// <summary>Mutated bodies: whatever comes, the answer is a 2xx or a 4xx with OpenAI's body, and the server lives.</summary>
public sealed class FuzzTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const int Bodies = 3000;

    private static readonly (string Path, string Body)[] Seeds =
    [
        ("/v1/completions", """{"model":"demo","prompt":"Once","max_tokens":1,"temperature":0.5,"top_p":0.9,"top_k":5,"min_p":0.1,"n":2,"seed":3,"stop":["a"],"logprobs":1,"echo":true}"""),
        ("/v1/completions", """{"prompt":[[5,6],[7]],"max_tokens":1,"logit_bias":{"5":1.5},"bad_words":["dog"],"allowed_token_ids":[5,6],"stop_token_ids":[9],"prompt_logprobs":1,"return_token_ids":true}"""),
        ("/v1/completions", """{"prompt":"x","max_tokens":1,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"repetition_penalty":1.2,"presence_penalty":1,"frequency_penalty":1}"""),
        ("/v1/chat/completions", """{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"hi"}]}],"max_tokens":1,"logprobs":true,"top_logprobs":2,"chat_template_kwargs":{"a":[1]}}"""),
        ("/v1/chat/completions", """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c","content":"4"}],"max_completion_tokens":1,"stream":true,"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"tool_choice":"none"}"""),
        ("/v1/chat/completions", """{"messages":[{"role":"user","content":"q"}],"max_tokens":1,"stream":true,"tools":[{"type":"function","function":{"name":"f","description":"d","strict":false,"parameters":{"type":"object"}}}],"tool_choice":"auto","parallel_tool_calls":true,"include_reasoning":true}"""),
        ("/v1/completions", """{"prompt":"Once","max_tokens":2,"n":2,"use_beam_search":true,"length_penalty":0.5,"early_stopping":"never","stop_token_ids":[9],"cache_salt":"s","user":"u","priority":0}"""),
        ("/v1/chat/completions", """{"messages":[{"role":"user","content":"hi"}],"max_tokens":1,"n":2,"best_of":3,"logprobs":true,"cache_salt":"s"}"""),
        ("/v1/embeddings", """{"model":"demo","input":["Once","upon a time"],"encoding_format":"base64","dimensions":8,"user":"u","truncate_prompt_tokens":4,"add_special_tokens":false,"priority":0,"normalize":false}"""),
        ("/v1/embeddings", """{"input":[[5,6],[7]],"encoding_format":"float","cache_salt":"s","use_activation":true,"request_id":"r"}"""),
        ("/v1/responses", """{"input":"hi","max_output_tokens":1,"instructions":"s","temperature":0.5,"top_p":0.9,"metadata":{"a":"b"},"store":true,"truncation":"auto","include":["message.output_text.logprobs"],"top_logprobs":1,"user":"u"}"""),
        ("/v1/responses", """{"input":[{"role":"user","content":[{"type":"input_text","text":"q"}]},{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"s"}],"content":[{"type":"reasoning_text","text":"t"}]},{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"4"}]}],"max_output_tokens":1,"stream":true}"""),
        ("/v1/responses", """{"input":"q","max_output_tokens":2,"stream":true,"stream_options":{"include_obfuscation":true},"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]},"parallel_tool_calls":false,"reasoning":{"effort":"low","summary":"auto"}}"""),
        ("/v1/responses", """{"input":[{"type":"message","role":"assistant","content":"a"},{"role":"developer","content":"d"}],"max_output_tokens":2,"text":{"format":{"type":"json_schema","name":"n","schema":{"enum":[1]},"strict":true},"verbosity":"medium"},"structured_outputs":null}"""),
        ("/v1/messages", """{"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":"c","name":"f","input":{"a":[1]}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"4"}],"is_error":true}]}],"max_tokens":1,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}}"""),
        ("/v1/messages", """{"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}],"max_tokens":1,"stream":true,"stop_sequences":["x"],"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}},"metadata":{"user_id":"u"}}"""),
        ("/v1/messages/count_tokens", """{"system":"s","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"It is"}],"thinking":{"type":"disabled"}}"""),
        ("/tokenize", """{"messages":[{"role":"user","content":"hi"}],"add_generation_prompt":true,"continue_final_message":false,"return_token_strs":true}"""),
        ("/tokenize", """{"prompt":"Hello \ud83d\ude00 world","add_special_tokens":true}"""),
        ("/detokenize", """{"tokens":[1,2,3,400]}"""),
    ];

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "0.5", "1e308", "-1e308", "1e999", "9223372036854775807", "9223372036854775808", "1.0", "\"\"", "\"x\"", "\"0\"", "\"\\u0000\"", "\"\\ud800\"", "\"😀\"",
        "[]", "[null]", "[[]]", "[1,\"a\"]", "[-1]", "[99999]", "{}", "{\"a\":1}", "{\"5\":null}", "{\"type\":\"text\"}", "NaN", "-Infinity", "[[[[[[]]]]]]", "{\"role\":\"user\"}", "\"<|im_end|>\"", "1e-45", "-0.0",
    ];

    [Fact]
    public async Task No_body_makes_the_server_fail()
    {
        const int seed = 20260101;
        var random = new Random(seed);
        (string Path, byte[] Body)[] requests = [.. Enumerable.Range(0, Bodies).Select(_ => Next(random))];
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (request, _) =>
        {
            Reply reply = await fixture.Server.PostBytesAsync(request.Path, request.Body);
            bool fine = reply.Status is 200 or (>= 400 and < 500) && !reply.Text.Contains("\"code\":5", StringComparison.Ordinal) && !reply.Text.Contains("api_error", StringComparison.Ordinal);
            Assert.True(fine, $"seed {seed}: {request.Path} {Encoding.UTF8.GetString(request.Body)} gave {reply.Status}: {reply.Text}");
            if (reply.Status != 200) reply.Refused(reply.Status);
        });
        (await fixture.Server.GetAsync("/health")).Ok();
        (await fixture.Server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
    }

    private static (string Path, byte[] Body) Next(Random random)
    {
        (string path, string body) = Seeds[random.Next(Seeds.Length)];
        if (random.Next(20) == 0) path = Seeds[random.Next(Seeds.Length)].Path;
        for (int i = random.Next(3); i >= 0; i--) body = random.Next(4) == 0 ? Damage(random, body) : ReplaceValue(random, body);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        if (random.Next(10) == 0 && bytes.Length > 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return (path, bytes);
    }

    /// <summary>Puts another value behind some colon, comma or bracket.</summary>
    private static string ReplaceValue(Random random, string body)
    {
        int[] places = [.. Enumerable.Range(0, body.Length).Where(i => body[i] is ':' or '[')];
        if (places.Length == 0) return body;
        int start = places[random.Next(places.Length)] + 1, end = start, depth = 0;
        for (bool quoted = false; end < body.Length; end++)
        {
            char letter = body[end];
            if (letter == '"' && (end == 0 || body[end - 1] != '\\')) quoted = !quoted;
            if (quoted) continue;
            if (letter is '[' or '{') depth++;
            if (letter is ']' or '}' && --depth < 0) break;
            if (letter == ',' && depth == 0) break;
        }

        return body[..start] + Values[random.Next(Values.Length)] + body[end..];
    }

    private static string Damage(Random random, string body)
    {
        if (body.Length < 4) return body;
        int at = random.Next(body.Length), length = random.Next(1, int.Min(12, body.Length - at + 1));
        return random.Next(3) switch
        {
            0 => body.Remove(at, int.Min(length, body.Length - at)),
            1 => body.Insert(at, body.Substring(at, int.Min(length, body.Length - at))),
            _ => body[..at],
        };
    }
}
