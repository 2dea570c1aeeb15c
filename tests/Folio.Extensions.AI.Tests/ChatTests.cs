using System.Net.Http.Json;
using System.Text.Json;
using Folio.Engine;
using Folio.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI.Tests;

public sealed class ChatTests(DemoEngine demo)
{
    private const int Steps = 3;

    private static readonly ChatMessage[] Story = [new(ChatRole.System, "You tell stories."), new(ChatRole.User, "Tell me a story about a dog and a ball.")];

    [Fact]
    public async Task An_answer_is_that_of_the_http_route()
    {
        await using WebApplication app = FolioServer.Build(demo.Engine, new() { Port = 0 });
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        object body = new
        {
            messages = new[] { new { role = "system", content = "You tell stories." }, new { role = "user", content = "Tell me a story about a dog and a ball." } },
            temperature = 0.8,
            top_p = 0.9,
            top_k = 50,
            seed = 11,
            frequency_penalty = 0.3,
            presence_penalty = 0.2,
            max_tokens = 40,
            stop = new[] { "happy" },
            min_p = 0.02,
        };
        using HttpResponseMessage reply = await http.PostAsJsonAsync("/v1/chat/completions", body);
        JsonElement there = (await reply.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("choices")[0];

        ChatResponse here = await demo.Client.GetResponseAsync(Story, new()
        {
            Temperature = 0.8f,
            TopP = 0.9f,
            TopK = 50,
            Seed = 11,
            FrequencyPenalty = 0.3f,
            PresencePenalty = 0.2f,
            MaxOutputTokens = 40,
            StopSequences = ["happy"],
            AdditionalProperties = new() { ["min_p"] = 0.02 },
        });

        Assert.Equal(there.GetProperty("message").GetProperty("content").GetString(), here.Text);
        Assert.Equal(there.GetProperty("finish_reason").GetString(), here.FinishReason!.Value.Value);
        await app.StopAsync();
    }

    [Fact]
    public async Task The_streamed_pieces_joined_are_the_whole_answer()
    {
        var options = new ChatOptions { Seed = 3, MaxOutputTokens = 30 };
        List<ChatResponseUpdate> updates = await demo.Client.GetStreamingResponseAsync(Story, options).ToListAsync();
        ChatResponse whole = await demo.Client.GetResponseAsync(Story, options);
        Assert.True(updates.Count > 10, $"{updates.Count} updates");
        Assert.Equal(whole.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.All(updates, update => Assert.Equal((updates[0].ResponseId, ChatRole.Assistant, "folio-demo.Q8_0"), (update.ResponseId, update.Role!.Value, update.ModelId)));
        Assert.Equal(ChatFinishReason.Length, Assert.Single(updates, update => update.FinishReason is not null).FinishReason);
        Assert.Single(whole.Messages);
        Assert.IsType<TextContent>(Assert.Single(whole.Messages[0].Contents));
    }

    [Fact]
    public async Task Usage_counts_the_prompt_what_was_cached_of_it_and_the_answer()
    {
        ChatMessage[] chat = [new(ChatRole.User, string.Join(' ', Enumerable.Repeat("The dog saw a ball and a tree.", 8)))];
        var options = new ChatOptions { MaxOutputTokens = 5, AdditionalProperties = new() { ["ignore_eos"] = true, ["cache_salt"] = Guid.NewGuid().ToString() } };
        UsageDetails first = (await demo.Client.GetResponseAsync(chat, options)).Usage!, second = (await demo.Client.GetResponseAsync(chat, options)).Usage!;
        Assert.True(first.InputTokenCount > 48);
        Assert.Equal((0, 5, first.InputTokenCount + 5), (first.CachedInputTokenCount, first.OutputTokenCount, first.TotalTokenCount));
        Assert.Equal((first.InputTokenCount, true), (second.InputTokenCount, second.CachedInputTokenCount >= 32));
        Assert.Null(first.ReasoningTokenCount);
    }

    [Fact]
    public async Task Reasoning_is_content_of_its_own_counted_and_left_out_on_demand()
    {
        FolioChatClient client = demo.Reasoning();
        var options = new ChatOptions { MaxOutputTokens = 8, Seed = 1, AdditionalProperties = new() { ["ignore_eos"] = true } };
        ChatResponse response = await client.GetResponseAsync("Think.", options);
        Assert.NotEmpty(Assert.IsType<TextReasoningContent>(Assert.Single(response.Messages[0].Contents)).Text);
        Assert.Equal((8, 8), (response.Usage!.OutputTokenCount, response.Usage.ReasoningTokenCount));

        options.Reasoning = new() { Output = ReasoningOutput.None };
        ChatResponse silent = await client.GetResponseAsync("Think.", options);
        Assert.DoesNotContain(silent.Messages.SelectMany(message => message.Contents), content => content is TextReasoningContent);
        Assert.Equal(8, silent.Usage!.ReasoningTokenCount);
    }

    [Fact]
    public async Task An_answer_obeys_a_json_schema()
    {
        var options = new ChatOptions();
        for (int seed = 0; seed < 4; seed++)
        {
            options.Seed = seed;
            options.MaxOutputTokens = 300;
            ChatResponse<Animal> response = await demo.Client.GetResponseAsync<Animal>("Describe a dog.", options);
            if (response.FinishReason == ChatFinishReason.Length) continue; // cut off within a text
            Assert.InRange(response.Result.Legs, int.MinValue, int.MaxValue);
            Assert.True(Enum.IsDefined(response.Result.Size));
            return;
        }

        Assert.Fail("four answers were cut off");
    }

    [Fact]
    public async Task Extensions_are_honoured_as_additional_properties()
    {
        var options = new ChatOptions { AdditionalProperties = new() { ["structured_outputs"] = new Dictionary<string, object?> { ["choice"] = new[] { "yes", "no" } } } };
        Assert.Contains((await demo.Client.GetResponseAsync("Is a dog an animal?", options)).Text, new[] { "yes", "no" });
    }

    [Fact]
    public async Task Log_probabilities_and_ids_are_in_the_raw_representation()
    {
        var options = new ChatOptions { MaxOutputTokens = 3, AdditionalProperties = new() { ["logprobs"] = true, ["top_logprobs"] = 2, ["ignore_eos"] = true } };
        List<ChatResponseUpdate> updates = await demo.Client.GetStreamingResponseAsync("Hi", options).ToListAsync();
        GenerationOutput[] outputs = [.. updates.Select(update => update.RawRepresentation).OfType<GenerationOutput>()];
        Assert.Equal(3, outputs.Sum(output => output.TokenIds.Count));
        Assert.All(outputs.SelectMany(output => output.Logprobs!), position => Assert.Equal(2, position.Top.Count));
    }

    [Fact]
    public async Task Many_threads_get_each_the_answer_that_it_gets_alone()
    {
        async Task<string> AskAsync(int seed) => (await demo.Client.GetResponseAsync(Story, new() { Seed = seed, MaxOutputTokens = 16 })).Text;
        List<string> alone = [];
        for (int seed = 0; seed < 12; seed++) alone.Add(await AskAsync(seed));
        string[] together = await Task.WhenAll(Enumerable.Range(0, 12).Select(seed => Task.Run(() => AskAsync(seed))));
        Assert.Equal(alone, together);
        Assert.True(alone.Distinct().Count() > 1);
    }

    [Fact]
    public async Task A_cancelled_call_ends_and_frees_the_engine()
    {
        await using var alone = new DemoEngine();
        using var cancellation = new CancellationTokenSource();
        var options = new ChatOptions { AdditionalProperties = new() { ["ignore_eos"] = true } };
        using (new StepGate(alone.Engine, Steps))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (ChatResponseUpdate _ in alone.Client.GetStreamingResponseAsync(Story, options, cancellation.Token)) await cancellation.CancelAsync();
            });
        }

        await AssertAborted(alone);
    }

    [Fact]
    public async Task Who_leaves_a_stream_early_frees_the_engine()
    {
        await using var alone = new DemoEngine();
        using (new StepGate(alone.Engine, Steps))
        {
            await foreach (ChatResponseUpdate _ in alone.Client.GetStreamingResponseAsync(Story, new() { AdditionalProperties = new() { ["ignore_eos"] = true } })) break;
        }

        await AssertAborted(alone);
    }

    [Fact]
    public void Services_tell_what_it_is_made_of()
    {
        FolioChatClient client = demo.Client;
        Assert.Equal(("folio", "folio-demo.Q8_0"), (client.GetService<ChatClientMetadata>()!.ProviderName, client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Same(demo.Engine, client.GetService<LlmEngine>());
        Assert.Same(client, client.GetService<FolioChatClient>());
        Assert.Null(client.GetService(typeof(FolioChatClient), "key"));
        Assert.Null(client.GetService<HttpClient>());
    }

    [Fact]
    public void A_template_that_cannot_be_parsed_is_told_at_once()
    {
        var error = Assert.Throws<FolioException>(() => new FolioChatClient(demo.Engine, new() { ChatTemplate = "{% if %}" }));
        Assert.Contains("chat template", error.Message);
    }

    /// <summary>It holds nothing, and was left behind the step that ran while the engine was told.</summary>
    private static async Task AssertAborted(DemoEngine alone)
    {
        await alone.IdleAsync();
        EngineMetrics metrics = alone.Engine.Metrics;
        Assert.Equal((1, 0), (metrics.All.OfType<Counter>().Single(counter => counter.Label == ("finished_reason", "abort")).Value, metrics.KvCacheUsage.Value));
        Assert.InRange(metrics.GenerationTokens.Value, 1, Steps + 1);
    }

    public enum Size
    {
        Small,
        Large,
    }

    public sealed record Animal(int Legs, bool Barks, Size Size);
}
