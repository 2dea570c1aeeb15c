using System.Text.Json;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>A model without a tokenizer is served by token ids.</summary>
public sealed class NoTokenizerTests
{
    [Fact]
    public async Task Ids_go_in_and_come_out_and_text_is_refused()
    {
        using var backend = new CpuBackend(threads: 1);
        await using var engine = LlmEngine.Load(TestData.Shared("golden", "llama"), backend, new() { NumBlocks = 16 });
        Assert.Null(engine.Model.Tokenizer);
        await using Server server = await Server.StartAsync(engine);

        Reply reply = (await server.CompleteAsync(new { prompt = new[] { 5, 6, 7 }, max_tokens = 4, logprobs = 1, temperature = 0, ignore_eos = true })).Ok();
        Assert.Equal(("", 4), (reply.Completion, reply.Choice.GetProperty("token_ids").GetArrayLength()));
        Assert.StartsWith("token_id:", reply.Choice.GetProperty("logprobs").GetProperty("tokens")[0].GetString());
        IReadOnlyList<JsonElement> events = (await server.CompleteAsync(new { prompt = new[] { 5, 6, 7 }, max_tokens = 4, temperature = 0, ignore_eos = true, stream = true })).Ok().Events;
        Assert.Equal(
            reply.Choice.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32()),
            events.SelectMany(chunk => chunk.GetProperty("choices")[0].GetProperty("token_ids").EnumerateArray()).Select(id => id.GetInt32()));

        (await server.CompleteAsync(new { prompt = "text" })).Refused(400, "prompt", "no tokenizer");
        (await server.ChatAsync(new { messages = new[] { new { role = "user", content = "x" } } })).Refused(400, "messages", "no tokenizer");
        (await server.PostAsync("/v1/embeddings", new { input = "text" })).Refused(400, "input", "no tokenizer");
        (await server.PostAsync("/v1/embeddings", new { input = new[] { 5, 6 } })).Ok();
        (await server.PostAsync("/tokenize", new { prompt = "text" })).Refused(400, "prompt", "no tokenizer");
        (await server.PostAsync("/detokenize", new { tokens = new[] { 5 } })).Refused(400, "tokens", "no tokenizer");
        (await server.CompleteAsync(new { prompt = new[] { 5 }, stop = "x" })).Refused(400, "stop", "no tokenizer");
        (await server.CompleteAsync(new { prompt = new[] { 5 }, bad_words = new[] { "x" } })).Refused(400, "bad_words", "no tokenizer");
    }
}
