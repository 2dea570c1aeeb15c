using System.Diagnostics;
using System.Text;

namespace Folio.Server.Tests;

public sealed class ErrorTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private Server Server => fixture.Server;

    [Theory]
    [InlineData("""{"model":"nope","prompt":"x"}""", 404, "model", "nope")]
    [InlineData("""{"model":"","prompt":"x"}""", 404, "model", "demo")]
    [InlineData("""{"model":5,"prompt":"x"}""", 400, "model", "a string")]
    [InlineData("""{}""", 400, "prompt", "missing")]
    [InlineData("""{"prompt":null}""", 400, "prompt", "missing")]
    [InlineData("""{"prompt":""}""", 400, "prompt", "empty")]
    [InlineData("""{"prompt":[]}""", 400, "prompt", "at least one")]
    [InlineData("""{"prompt":[[]]}""", 400, "prompt[0]", "empty")]
    [InlineData("""{"prompt":["a",[1]]}""", 400, "prompt[1]", "same kind")]
    [InlineData("""{"prompt":[1,"a"]}""", 400, "prompt[1]", "an integer")]
    [InlineData("""{"prompt":[-1]}""", 400, "prompt", "-1")]
    [InlineData("""{"prompt":[8184]}""", 400, "prompt", "8183")]
    [InlineData("""{"prompt":{"a":1}}""", 400, "prompt", "an object")]
    [InlineData("""{"prompt":[true]}""", 400, "prompt[0]", "true")]
    [InlineData("""{"prompt":"x","max_tokens":0}""", 400, "max_tokens", "at least 1")]
    [InlineData("""{"prompt":"x","stream":true,"stream_options":{"include_usages":true}}""", 400, "stream_options.include_usages", "isn't supported")]
    [InlineData("""{"prompt":"x","max_tokens":-3}""", 400, "max_tokens", "-3")]
    [InlineData("""{"prompt":"x","temperature":-1}""", 400, "temperature", "-1")]
    [InlineData("""{"prompt":"x","temperature":2.1}""", 400, "temperature", "2.1")]
    [InlineData("""{"prompt":"x","temperature":"hot"}""", 400, "temperature", "a number")]
    [InlineData("""{"prompt":"x","top_p":0}""", 400, "top_p", "0")]
    [InlineData("""{"prompt":"x","top_p":1.5}""", 400, "top_p", "1.5")]
    [InlineData("""{"prompt":"x","top_k":-2}""", 400, "top_k", "-2")]
    [InlineData("""{"prompt":"x","min_p":2}""", 400, "min_p", "2")]
    [InlineData("""{"prompt":"x","repetition_penalty":0}""", 400, "repetition_penalty", "0")]
    [InlineData("""{"prompt":"x","presence_penalty":3}""", 400, "presence_penalty", "3")]
    [InlineData("""{"prompt":"x","frequency_penalty":-3}""", 400, "frequency_penalty", "-3")]
    [InlineData("""{"prompt":"x","n":0}""", 400, "n", "0")]
    [InlineData("""{"prompt":"x","n":100000}""", 400, "n", "128")]
    [InlineData("""{"prompt":"x","n":2,"temperature":0}""", 400, "n", "greedy")]
    [InlineData("""{"prompt":"x","stop":["a","b","c","d","e"]}""", 400, "stop", "4")]
    [InlineData("""{"prompt":"x","stop":""}""", 400, "stop", "empty")]
    [InlineData("""{"prompt":"x","stop":[""]}""", 400, "stop", "empty")]
    [InlineData("""{"prompt":"x","stop":["\ud800"]}""", 400, null, "surrogate")]
    [InlineData("""{"prompt":"x","stop_token_ids":[99999]}""", 400, "stop_token_ids", "99999")]
    [InlineData("""{"prompt":"x","allowed_token_ids":[]}""", 400, "allowed_token_ids", "empty")]
    [InlineData("""{"prompt":"x","bad_words":[""]}""", 400, "bad_words", "empty")]
    [InlineData("""{"prompt":"x","logit_bias":{"5":NaN}}""", 400, null, "JSON")]
    [InlineData("""{"prompt":"x","logit_bias":{"5":1e999}}""", 400, "logit_bias", "range")]
    [InlineData("""{"prompt":"x","logit_bias":{"5":1,"05":2}}""", 400, "logit_bias", "twice")]
    [InlineData("""{"prompt":"x","metadata":"x"}""", 400, "metadata", "an object")]
    [InlineData("""{"prompt":"x","metadata":{"a":5}}""", 400, "metadata.a", "a string")]
    [InlineData("""{"prompt":"x","service_tier":"foo"}""", 400, "service_tier", "flex")]
    [InlineData("""{"prompt":"x","prompt_cache_key":5}""", 400, "prompt_cache_key", "a string")]
    [InlineData("""{"prompt":"x","store":"yes"}""", 400, "store", "true or false")]
    [InlineData("""{"prompt":"x","min_tokens":20}""", 400, "min_tokens", "20")]
    [InlineData("""{"prompt":"x","seed":1e30}""", 400, "seed", "range")]
    [InlineData("""{"prompt":"x","logprobs":-1}""", 400, "logprobs", "-1")]
    [InlineData("""{"prompt":"x","logprobs":true}""", 400, "logprobs", "an integer")]
    [InlineData("""{"prompt":"x","stream":"yes"}""", 400, "stream", "true or false")]
    [InlineData("""{"prompt":"x","suffix":""}""", 400, "suffix", "suffix")]
    [InlineData("""{"prompt":"x","best_of":2,"n":3}""", 400, "best_of", "n=3")]
    [InlineData("""{"prompt":"x","best_of":2,"temperature":0}""", 400, "best_of", "greedy")]
    [InlineData("""{"prompt":"x","best_of":129}""", 400, "best_of", "128")]
    [InlineData("""{"prompt":"x","best_of":0}""", 400, "best_of", "0")]
    [InlineData("""{"prompt":"x","best_of":2,"stream":true}""", 400, "best_of", "streamed")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"n":2,"stream":true}""", 400, "use_beam_search", "streamed")]
    [InlineData("""{"prompt":"x","use_beam_search":1}""", 400, "use_beam_search", "true or false")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"n":2,"best_of":3}""", 400, "best_of", "width")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"n":2,"stop":"."}""", 400, "stop", "stop_token_ids")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"length_penalty":1e30}""", 400, "length_penalty", "5")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"length_penalty":NaN}""", 400, null, "JSON")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"early_stopping":"always"}""", 400, "early_stopping", "never")]
    [InlineData("""{"prompt":"x","use_beam_search":true,"early_stopping":1}""", 400, "early_stopping", "never")]
    [InlineData("""{"prompt":"x","early_stopping":"never"}""", 400, "early_stopping", "beam search")]
    [InlineData("""{"prompt":"x","length_penalty":0.5}""", 400, "length_penalty", "beam search")]
    [InlineData("""{"prompt":"x","cache_salt":""}""", 400, "cache_salt", "non-empty")]
    [InlineData("""{"prompt":"x","cache_salt":5}""", 400, "cache_salt", "a string")]
    [InlineData("""{"prompt":"x","user":5}""", 400, "user", "a string")]
    [InlineData("""{"prompt":"x","priority":1}""", 400, "priority", "--scheduling-policy (SchedulingPolicy) is priority")]
    [InlineData("""{"prompt":"x","priority":0.5}""", 400, "priority", "an integer")]
    [InlineData("""{"prompt":"x","foo_bar":1}""", 400, "foo_bar", "Unrecognized")]
    [InlineData("""{"prompt":"x","truncate_prompt_tokens":0}""", 400, "truncate_prompt_tokens", "0")]
    [InlineData("""[]""", 400, null, "object")]
    [InlineData("""{"prompt":"x","temperature":Infinity}""", 400, null, "JSON")]
    public async Task Bad_input_is_answered_with_the_field_and_the_reason(string body, int status, string? parameter, string saying) =>
        (await Server.CompleteAsync(body)).Refused(status, parameter, saying);

    [Fact]
    public async Task Bodies_that_are_no_json_get_400_and_large_ones_413()
    {
        (await Server.PostTextAsync("/v1/completions", "{\"prompt\":\"x\"}", "text/plain")).Refused(400, saying: "application/json");
        (await Server.PostBytesAsync("/v1/completions", "{\"prompt\":\"x\"}"u8.ToArray(), contentType: null)).Refused(400, saying: "application/json");
        (await Server.PostBytesAsync("/v1/completions", [0xff, 0xfe, 0x00])).Refused(400);
        (await Server.PostBytesAsync("/v1/completions", [])).Refused(400, saying: "no body");
        (await Server.PostTextAsync("/v1/completions", "{\"prompt\":\"a\\u0000b\",\"max_tokens\":1}")).Ok();

        using var announced = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new ByteArrayContent(new byte[(32 << 20) + 1]), Headers = { ExpectContinue = true } };
        announced.Content.Headers.ContentType = new("application/json");
        using HttpResponseMessage large = await Server.Http.SendAsync(announced);
        Assert.Equal(413, (int)large.StatusCode);
        Assert.Contains("larger than", await large.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Unknown_routes_and_methods_have_the_same_shape()
    {
        (await Server.GetAsync("/v2/nothing")).Refused(404);
        Reply wrong = (await Server.GetAsync("/v1/completions")).Refused(405);
        Assert.Equal(["POST"], wrong.Response.Content.Headers.Allow);
        (await Server.PostAsync("/v1/models", new { })).Refused(405);
    }

    [Fact]
    public async Task A_long_list_of_bad_messages_costs_nothing()
    {
        string body = $"{{\"messages\":[{string.Join(',', Enumerable.Repeat("5", 20_000))}]}}";
        long start = Stopwatch.GetTimestamp();
        Reply reply = (await Server.ChatAsync(body)).Refused(400, "messages[0]");
        Assert.True(reply.Text.Length < 1000);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Error_messages_do_not_grow_with_the_input()
    {
        string long64k = new('x', 1 << 16);
        foreach (string body in new[] { $"{{\"{long64k}\":1}}", $"{{\"model\":\"{long64k}\",\"prompt\":\"x\"}}", $"{{\"prompt\":\"x\",\"logit_bias\":{{\"{long64k}\":1}}}}" })
        {
            Reply reply = await Server.CompleteAsync(body);
            Assert.InRange(reply.Status, 400, 404);
            Assert.True(reply.Text.Length < 3000, $"{reply.Text.Length}");
        }
    }

    [Fact]
    public async Task Errors_show_no_path_and_no_stack()
    {
        foreach (string body in new[] { "{", "{\"prompt\":3}", "{\"prompt\":\"x\",\"n\":-1}" })
        {
            string text = (await Server.CompleteAsync(body)).Text;
            Assert.DoesNotContain("   at ", text);
            Assert.DoesNotContain(TestData.Repository, text);
            Assert.DoesNotContain("Exception", text);
        }
    }

    [Fact]
    public async Task A_body_that_comes_in_drops_is_read_whole()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StreamContent(new Drops(Encoding.UTF8.GetBytes("""{"prompt":"Once","max_tokens":1}"""))) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(200, (int)(await Server.Http.SendAsync(request)).StatusCode);
    }

    private sealed class Drops(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..int.Min(1, buffer.Length)], cancellationToken);
    }
}
