using System.ClientModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using Folio.Compute.Cpu;
using Folio.Engine;
using OpenAI;
using OpenAI.Embeddings;

namespace Folio.Server.Tests;

/// <summary>POST /v1/embeddings of the demo model: a decoder, whose last token's state is a text's embedding.</summary>
public sealed class EmbeddingTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private Server Server => fixture.Server;

    [Fact]
    public async Task The_answer_has_OpenAI_s_and_vLLM_s_fields_and_vectors_of_length_one()
    {
        Reply reply = (await EmbedAsync(new { model = "demo-alias", input = new[] { "Once upon a time", "A dog" }, user = "me", request_id = "mine" })).Ok();
        Assert.Equal(["id", "object", "created", "model", "data", "usage"], Names(reply.Json));
        Assert.Equal(("embd-mine", "list", "demo-alias"), (reply.Json.GetProperty("id").GetString(), reply.Json.GetProperty("object").GetString(), reply.Json.GetProperty("model").GetString()));
        JsonElement[] data = [.. reply.Json.GetProperty("data").EnumerateArray()];
        Assert.Equal(["index", "object", "embedding"], Names(data[1]));
        Assert.Equal((1, "embedding"), (data[1].GetProperty("index").GetInt32(), data[1].GetProperty("object").GetString()));
        Assert.All(data, item => Assert.Equal(1, Floats(item).Sum(value => (double)value * value), 1e-5));
        Assert.Equal((0, await CountAsync("Once upon a time") + await CountAsync("A dog")), (reply.Usage.GetProperty("completion_tokens").GetInt32(), reply.Usage.GetProperty("prompt_tokens").GetInt32()));
        Assert.Equal(reply.Usage.GetProperty("prompt_tokens").GetInt32(), reply.Usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task A_text_its_ids_and_either_encoding_give_the_same_bits_alone_and_in_a_list()
    {
        const string text = "Once upon a time there was a dog.";
        float[] alone = Floats((await EmbedAsync(new { input = text })).Ok().Json.GetProperty("data")[0]);
        int[] ids = [.. (await Server.PostAsync("/tokenize", new { prompt = text })).Ok().Json.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
        Assert.Equal(alone, Floats((await EmbedAsync(new { input = ids })).Ok().Json.GetProperty("data")[0]));
        JsonElement list = (await EmbedAsync(new { input = new[] { [7, 8], ids, [9] }, encoding_format = "base64" })).Ok().Json.GetProperty("data");
        Assert.Equal(alone, MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(list[1].GetProperty("embedding").GetString()!)).ToArray());
    }

    [Fact]
    public async Task A_prefix_that_was_cached_is_found()
    {
        string text = string.Join(" ", Enumerable.Repeat("The cat sat on the mat and saw a bird.", 8));
        Assert.Equal(0, (await EmbedAsync(new { input = text, cache_salt = "cold" })).Ok().Cached);
        Assert.True((await EmbedAsync(new { input = text + " It flew away.", cache_salt = "cold" })).Ok().Cached >= 64);
    }

    [Fact]
    public async Task A_text_too_long_is_refused_or_keeps_its_first_tokens()
    {
        string text = string.Join(" ", Enumerable.Repeat("dog", 600));
        (await EmbedAsync(new { input = text })).Refused(400, "input", "maximum context length is 512 tokens");
        Assert.Equal(512, Usage(await EmbedAsync(new { input = text, truncate_prompt_tokens = -1 })));
        Reply cut = await EmbedAsync(new { input = "a b c d e f", truncate_prompt_tokens = 3 }), whole = await EmbedAsync(new { input = "a b" });
        Assert.Equal((3, 3), (Usage(cut), Usage(whole))); // <s> and two words
        Assert.Equal(Floats(whole.Json.GetProperty("data")[0]), Floats(cut.Json.GetProperty("data")[0]));
        Assert.Equal(2, Usage(await EmbedAsync(new { input = "a b", add_special_tokens = false })));
    }

    [Theory]
    [InlineData("""{}""", "input", "input is missing")]
    [InlineData("""{"input":""}""", "input", "input is empty")]
    [InlineData("""{"input":[]}""", "input", "at least one input")]
    [InlineData("""{"input":["a",""]}""", "input[1]", "input[1] is empty")]
    [InlineData("""{"input":["a",[5]]}""", "input[1]", "of the same kind")]
    [InlineData("""{"input":[99999]}""", "input", "token id 99999")]
    [InlineData("""{"input":{"text":"a"}}""", "input", "must be a string")]
    [InlineData("""{"input":"a","encoding_format":"bytes"}""", "encoding_format", "'float' or 'base64'")]
    [InlineData("""{"input":"a","dimensions":8}""", "dimensions", "does not support matryoshka representation")]
    [InlineData("""{"input":"a","dimensions":0}""", "dimensions", "dimensions must be in [1, ")]
    [InlineData("""{"input":"a","normalize":true,"use_activation":false}""", "use_activation", "differ")]
    [InlineData("""{"input":"a","truncate_prompt_tokens":0}""", "truncate_prompt_tokens", "at least 1")]
    [InlineData("""{"input":"a","priority":1}""", "priority", "scheduling policy")]
    [InlineData("""{"input":"a","messages":[]}""", "messages", "send input")]
    [InlineData("""{"input":"a","embed_dtype":"float16"}""", "embed_dtype", "float32")]
    [InlineData("""{"input":"a","temperature":1}""", "temperature", "Unrecognized")]
    public async Task What_can_t_be_is_refused_by_name(string body, string parameter, string saying) => (await EmbedAsync(body)).Refused(400, parameter, saying);

    [Fact]
    public async Task OpenAI_s_client_embeds_texts_and_ids()
    {
        EmbeddingClient client = new OpenAIClient(new ApiKeyCredential("none"), new() { Endpoint = new(Server.Address, "/v1") }).GetEmbeddingClient("demo");
        OpenAIEmbedding one = await client.GenerateEmbeddingAsync("A dog", new() { EndUserId = "me" });
        Assert.Equal(Floats((await EmbedAsync(new { input = "A dog" })).Ok().Json.GetProperty("data")[0]), one.ToFloats().ToArray());
        OpenAIEmbeddingCollection several = await client.GenerateEmbeddingsAsync(["A cat", "A dog"]);
        Assert.Equal(one.ToFloats().ToArray(), several[1].ToFloats().ToArray());
        Assert.Equal((2, "demo", several.Usage.TotalTokenCount), (several.Count, several.Model, several.Usage.InputTokenCount));
        Assert.Single((await client.GenerateEmbeddingsAsync([new ReadOnlyMemory<int>([5, 6])])).Value);
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => client.GenerateEmbeddingAsync("A dog", new() { Dimensions = 8 }));
        Assert.Equal(400, refused.Status);
    }

    [Fact]
    public async Task Metrics_and_limits_count_embeddings_as_prompts()
    {
        double tokens = await Server.MetricAsync("vllm:prompt_tokens_total"), ended = await Server.MetricAsync("vllm:request_success_total");
        int spent = Usage(await EmbedAsync(new { input = new[] { "one two three", "four" } }));
        Assert.True(await Server.MetricAsync("vllm:prompt_tokens_total") >= tokens + spent);
        Assert.True(await Server.MetricAsync("vllm:request_success_total") >= ended + 2);
    }

    [Fact]
    public async Task A_client_that_leaves_takes_its_texts_with_it()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var leaving = new CancellationTokenSource();
        using (var still = new Standstill(demo.Engine))
        {
            Task<HttpResponseMessage> answer = server.Http.PostAsync("/v1/embeddings", new StringContent(JsonSerializer.Serialize(new { input = Enumerable.Repeat("Once upon a time there was a dog.", 200) }), null, "application/json"), leaving.Token);
            for (int i = 0; i < 1000 && demo.Engine.InFlight < 200; i++) await Task.Delay(5, TestContext.Current.CancellationToken);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
            for (int i = 0; i < 1000 && still.Posted < 400; i++) await Task.Delay(5, TestContext.Current.CancellationToken); // a submission and a cancellation each
        }

        for (int i = 0; i < 1000 && demo.Engine.InFlight > 0; i++) await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.Equal(0, demo.Engine.InFlight);
        (await server.PostAsync("/v1/embeddings", new { input = "x" })).Ok();
        Assert.Equal(200, demo.Engine.Metrics.All.OfType<Counter>().Single(counter => counter.Label == ("finished_reason", "abort")).Value);
    }

    [Fact]
    public async Task An_encoder_is_served_with_what_it_can_and_a_clear_no_to_the_rest()
    {
        using var backend = new CpuBackend(threads: 1);
        string folder = TestData.Shared("golden-later", "bert");
        await using var engine = LlmEngine.Load(folder, backend);
        await using Server server = await Server.StartAsync(engine);
        JsonElement expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json"))).RootElement.GetProperty("cases")[1];
        Reply reply = (await server.PostTextAsync("/v1/embeddings", $$"""{"input":{{expected.GetProperty("input_ids").GetRawText()}}}""")).Ok();
        float[] vector = Floats(reply.Json.GetProperty("data")[0]);
        Assert.True(expected.GetProperty("embedding").EnumerateArray().Zip(vector, (a, b) => Math.Abs(a.GetSingle() - b)).Max() < 1e-5);

        Assert.Equal(200, (await server.GetAsync("/v1/models")).Ok().Json.GetProperty("data")[0].GetProperty("max_model_len").GetInt32());
        (await server.CompleteAsync(new { prompt = new[] { 5 } })).Refused(400, "model", "POST /v1/embeddings");
        (await server.ChatAsync(new { messages = new[] { new { role = "user", content = "x" } } })).Refused(400, "model", "POST /v1/embeddings");
        (await server.PostAsync("/v1/prefixes", new { prompt = new[] { 5 } })).Refused(400, "model");
        (await server.GetAsync("/metrics")).Ok();
        Assert.False((await server.GetAsync("/page/state")).Ok().Json.GetProperty("generates").GetBoolean()); // the page has no chat
        (await server.GetAsync("/health/ready")).Ok();
    }

    private Task<Reply> EmbedAsync(object body) => Server.PostAsync("/v1/embeddings", body);

    private async Task<int> CountAsync(string text) => (await Server.PostAsync("/tokenize", new { prompt = text })).Ok().Json.GetProperty("count").GetInt32();

    private static int Usage(Reply reply) => reply.Ok().Usage.GetProperty("prompt_tokens").GetInt32();

    private static string[] Names(JsonElement value) => [.. value.EnumerateObject().Select(field => field.Name)];

    private static float[] Floats(JsonElement item) => [.. item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
}
