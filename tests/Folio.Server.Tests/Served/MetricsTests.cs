using System.Text.Json;
using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>The counters are those that the clients would have kept themselves (B20). With an engine of its own: nobody else counts.</summary>
public sealed class MetricsTests
{
    private static readonly int[] Repeated = [.. Enumerable.Range(300, 40)];

    private readonly Dictionary<string, int> _finished = [];
    private int _prompt, _cached, _completion;

    [Fact]
    public async Task Counters_equal_what_the_clients_counted()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64, MaxNumSeqs = 64, PreemptionMode = PreemptionMode.Recompute });
        await using Server server = await Server.StartAsync(demo.Engine);
        Count(await server.CompleteAsync(new { prompt = Repeated, max_tokens = 1 }));
        Count(await server.CompleteAsync(new { prompt = Repeated, max_tokens = 1 }));
        Assert.Equal(32, _cached);
        Count(await server.ChatAsync(new { messages = new[] { new { role = "user", content = "Hi" } }, n = 3, max_tokens = 5, ignore_eos = true }));
        Count(await server.CompleteAsync(new { prompt = new[] { "Once upon a time", "Twice" }, n = 2, max_tokens = 7, ignore_eos = true }));
        Count(await server.CompleteAsync(new { prompt = "Once upon a time", max_tokens = 100, temperature = 0, stop = new[] { "e" } }));
        Count(await server.CompleteAsync(new { prompt = "Once upon a time", max_tokens = 100, temperature = 0, stop_token_ids = Enumerable.Range(0, 4000) }));
        Count(await server.CompleteAsync(new { prompt = "Once upon a time", max_tokens = 9, n = 2, use_beam_search = true, ignore_eos = true }));
        Count(await server.CompleteAsync(new { prompt = "Once upon a time", max_tokens = 9, n = 2, stream = true, stream_options = new { include_usage = true }, ignore_eos = true }));
        Assert.True(_finished["stop"] >= 2 && _finished["length"] > 10, "the requests don't end as this test needs them");

        // Eight answers of 25 blocks each, where there are 64: some must give way.
        Reply[] crowd = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => server.CompleteAsync(new { prompt = $"Story {i}", max_tokens = 390, ignore_eos = true })));
        foreach (Reply one in crowd) Count(one);
        Exposition page = await QuietAsync(server);
        Assert.Equal(_prompt, page["vllm:prompt_tokens_total"]);
        Assert.Equal(_cached, page["vllm:prompt_tokens_cached_total"]);
        Assert.Equal(_cached, page["vllm:prompt_tokens_by_source_total", ("source", "local_cache_hit")]);
        Assert.Equal(_prompt - _cached, page["vllm:prompt_tokens_by_source_total", ("source", "local_compute")]);
        Assert.Equal(_prompt, page["vllm:prompt_tokens_by_source_total"]);
        Assert.Equal(_cached, page["vllm:prompt_tokens_cached_by_source_total", ("source", "device")]);
        Assert.Equal(_cached, page["vllm:prefix_cache_hits_total"]);
        Assert.Equal(_prompt, page["vllm:prefix_cache_queries_total"]);
        Assert.Equal(_completion, page["vllm:generation_tokens_total"]);
        Assert.Equal(_completion, page["vllm:request_generation_tokens_sum"]);
        Assert.Equal(_prompt, page["vllm:request_prompt_tokens_sum"]);
        Assert.Equal(_prompt - _cached, page["vllm:request_prefill_kv_computed_tokens_sum"]);
        foreach ((string reason, int count) in _finished) Assert.Equal(count, page["vllm:request_success_total", ("finished_reason", reason)]);
        Assert.Equal(_finished.Values.Sum(), page["vllm:request_success_total"]);
        Assert.True(page["vllm:num_preemptions_total"] > 0, "nobody was preempted");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", (await server.GetAsync("/metrics")).Response.Content.Headers.ContentType!.ToString());
        Assert.All(["folio:preemptions_by_mode_total", "folio:preemptions_by_reason_total", "vllm:request_num_preemptions_sum"], name => Assert.Equal(page["vllm:num_preemptions_total"], page[name]));
    }

    [Fact]
    public async Task Whoever_leaves_fails_or_is_turned_away_is_counted_as_that()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64, MaxNumSeqs = 1, MaxWaitingRequests = 1 });
        await using Server server = await Server.StartAsync(demo.Engine);
        // All that it may say is what it may not: found out when the first token is chosen.
        int only = (await server.PostAsync("/tokenize", new { prompt = "Once", add_special_tokens = false })).Ok().Json.GetProperty("tokens")[0].GetInt32();
        (await server.CompleteAsync(new { prompt = "Hi", max_tokens = 5, allowed_token_ids = new[] { only }, bad_words = new[] { "Once" } })).Refused(400);

        await demo.Engine.LeaveAsync(async gate =>
        {
            using var leave = new CancellationTokenSource();
            Task<HttpResponseMessage> left = server.Http.PostAsync("/v1/completions", Json(new { prompt = "Once", max_tokens = 480, n = 1, ignore_eos = true }), leave.Token);
            await Eventually.TrueAsync(() => gate.Holds);
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        });
        await Eventually.TrueAsync(() => demo.Engine.InFlight == 0);
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 0 })).Refused(400);
        using (var loop = new Standstill(demo.Engine))
        {
            Task<Reply> first = server.CompleteAsync(new { prompt = "Once", max_tokens = 1 });
            await Eventually.TrueAsync(() => loop.Posted == 1);
            (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Refused(429);
            loop.Dispose();
            (await first).Ok();
        }

        Exposition page = await QuietAsync(server);
        Assert.Equal(1, page["vllm:request_success_total", ("finished_reason", "error")]);
        Assert.Equal(1, page["vllm:request_success_total", ("finished_reason", "abort")]);
        Assert.Equal(1, page["vllm:request_success_total", ("finished_reason", "length")]);
        Assert.Equal(3, page["vllm:request_success_total"]);
        Assert.Equal(1, page["vllm:admission_rejections_total", ("reason", "max_num_queued_reqs")]);
        Assert.Equal(1, page["http_requests_total", ("handler", "/v1/completions"), ("status", "2xx")]);
    }

    private void Count(Reply reply)
    {
        reply.Ok();
        bool isStream = reply.Text.StartsWith("data: ", StringComparison.Ordinal);
        JsonElement usage = isStream ? reply.Events[^1].GetProperty("usage") : reply.Usage;
        _prompt += usage.GetProperty("prompt_tokens").GetInt32();
        _completion += usage.GetProperty("completion_tokens").GetInt32();
        if (usage.TryGetProperty("prompt_tokens_details", out JsonElement details) && details.ValueKind == JsonValueKind.Object) _cached += details.GetProperty("cached_tokens").GetInt32();
        foreach (JsonElement choice in (isStream ? reply.Events : [reply.Json]).SelectMany(part => part.GetProperty("choices").EnumerateArray()))
        {
            if (choice.GetProperty("finish_reason").GetString() is { } reason) _finished[reason] = _finished.GetValueOrDefault(reason) + 1;
        }
    }

    /// <summary>The page once nothing runs and nothing is held.</summary>
    private static async Task<Exposition> QuietAsync(Server server)
    {
        Exposition page = null!;
        await Eventually.TrueAsync(async () =>
        {
            page = Exposition.Read((await server.GetAsync("/metrics")).Ok().Text);
            return page["vllm:num_requests_running"] + page["vllm:num_requests_waiting"] + page["vllm:kv_cache_usage_perc"] == 0;
        });
        return page;
    }

    private static StringContent Json(object body) => new(JsonSerializer.Serialize(body), null, "application/json");
}
