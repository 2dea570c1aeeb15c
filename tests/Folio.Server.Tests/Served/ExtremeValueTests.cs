using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>Fields at the ends of their ranges, several at once: an answer or a refusal, never a failure.</summary>
public sealed class ExtremeValueTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const int Requests = 800, Seed = 1126;

    /// <summary>How the answer is found.</summary>
    private static readonly string[] s_modes =
    [
        """{}""", """{"temperature":0}""", """{"n":3,"temperature":1}""", """{"n":2,"best_of":4}""", """{"n":3,"use_beam_search":true}""", """{"n":2,"use_beam_search":true,"guided_regex":"[a-c]+"}""", """{"guided_choice":["yes","no"]}""",
        """{"stream":true,"n":2,"temperature":1}""", """{"echo":true,"logprobs":2}""", """{"prompt":["Once","The dog and the cat"],"logprobs":0}""",
    ];

    private static readonly (string Field, string[] Values)[] s_extremes =
    [
        ("temperature", ["0", "1e-45", "1e-38", "0.00001", "2"]),
        ("top_p", ["1e-45", "1e-7", "0.9999999", "1"]),
        ("top_k", ["-1", "0", "1", "8184", "9223372036854775807"]),
        ("min_p", ["0", "1e-45", "0.9999999", "1"]),
        ("repetition_penalty", ["1e-45", "1e-38", "0.001", "1000", "3.4e38"]),
        ("presence_penalty", ["-2", "2", "1e-45"]),
        ("frequency_penalty", ["-2", "2", "-1e-45"]),
        ("logit_bias", ["""{"5":3.4e38}""", """{"5":-3.4e38,"6":100}""", """{"5":1e-45}""", """{"0":100,"8183":100}""", "{}"]),
        ("length_penalty", ["-5", "5", "1e-45", "0"]),
        ("min_tokens", ["0", "1", "3"]),
        ("seed", ["-9223372036854775808", "9223372036854775807", "0"]),
        ("logprobs", ["0", "20"]),
        ("prompt_logprobs", ["0", "20"]),
        ("logprob_token_ids", ["[0]", "[8183,5]"]),
        ("allowed_token_ids", ["[0]", "[8183]", "[5,5,5]"]),
        ("stop_token_ids", ["[0,8183]", "[]"]),
        ("bad_words", ["""["a"]""", """["the dog"," cat","\ud83d\ude00"]"""]),
        ("stop", ["""["\u0000"]""", """[" ","\n","e","\ud83d\ude00"]"""]),
        ("truncate_prompt_tokens", ["-1", "1", "2147483647"]),
        ("stream_interval", ["1", "2147483647"]),
        ("skip_special_tokens", ["false"]),
        ("include_stop_str_in_output", ["true"]),
        ("ignore_eos", ["true"]),
    ];

    [Fact]
    public async Task Whatever_is_combined_is_answered_or_refused()
    {
        var random = new Random(Seed);
        string[] bodies = [.. Enumerable.Range(0, Requests).Select(_ => Draw(random))];
        int answered = 0;
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (body, _) =>
        {
            Reply reply = await fixture.Server.PostAsync("/v1/completions", body);
            Assert.True(reply.Status is 200 or 400 && !reply.Text.Contains("\"code\":5", StringComparison.Ordinal), $"{body} gave {reply.Status}: {reply.Text}");
            if (reply.Status == 200) Interlocked.Increment(ref answered);
        });
        Assert.True(answered > Requests / 3, $"{answered}");
    }

    private static string Draw(Random random)
    {
        JsonObject body = JsonNode.Parse(s_modes[random.Next(s_modes.Length)])!.AsObject();
        body.TryAdd("prompt", "Once upon a time");
        body["max_tokens"] = random.Next(1, 5);
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            (string field, string[] values) = s_extremes[random.Next(s_extremes.Length)];
            body[field] = JsonNode.Parse(values[random.Next(values.Length)]);
        }

        return body.ToJsonString();
    }
}
