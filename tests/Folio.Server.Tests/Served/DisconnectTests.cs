using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>Whoever leaves holds nothing any more, in whatever state its request was (B18, B19). With engines of their own: the gauges are those of these requests alone.</summary>
public sealed class DisconnectTests
{
    private const string Endless = "\"prompt\":\"Once upon a time\",\"max_tokens\":480,\"ignore_eos\":true";

    /// <summary>A repetition of repetitions, which takes the compiler long enough to be left.</summary>
    private const string Laborious = "\"guided_regex\":\"((a|b|c|d|e|f|g){1,40}x){1,40}\"";

    [Theory]
    [InlineData(Endless)]
    [InlineData(Endless + ",\"stream\":true")]
    [InlineData(Endless + ",\"n\":4")]
    [InlineData(Endless + ",\"n\":4,\"stream\":true")]
    [InlineData(Endless + ",\"use_beam_search\":true,\"n\":4")]
    [InlineData(Endless + ",\"best_of\":4")]
    public async Task While_it_runs(string fields)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 256 });
        await using Server server = await Server.StartAsync(demo.Engine);
        await LeaveAsync(server, fields, () => demo.Engine.Metrics.KvCacheUsage.Value > 0);
        Assert.True(await server.MetricAsync("vllm:generation_tokens_total") < 480 * 4);
    }

    [Fact]
    public async Task While_it_waits_its_turn()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64, MaxNumSeqs = 1 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var leave = new CancellationTokenSource();
        Task ahead = server.Http.PostAsync("/v1/completions", Json(Endless), leave.Token);
        await Until(() => demo.Engine.Metrics.RequestsRunning.Value == 1);
        await LeaveAsync(server, Endless, () => demo.Engine.Metrics.RequestsWaiting.Value == 1, () => demo.Engine.Metrics.RequestsWaiting.Value == 0);
        Assert.Equal(1, demo.Engine.Metrics.RequestsRunning.Value);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ahead);
        await Until(() => IsQuiet(demo.Engine));
    }

    [Fact]
    public async Task While_its_grammar_is_compiled()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        await LeaveAsync(server, $"\"prompt\":\"Once\",\"max_tokens\":300,{Laborious}", () => demo.Engine.Metrics.RequestsWaiting.Value == 1);
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 3, guided_regex = "[a-z]{3}" })).Ok();
    }

    [Theory]
    [InlineData(PreemptionMode.Recompute)]
    [InlineData(PreemptionMode.Swap)]
    public async Task While_it_is_preempted(PreemptionMode mode)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 12, MaxModelLen = 160, PreemptionMode = mode, SwapSpace = mode == PreemptionMode.Swap ? 64 << 20 : null });
        await using Server server = await Server.StartAsync(demo.Engine);
        string fields = Endless.Replace("480", "150");
        using var leave = new CancellationTokenSource();
        Task[] both = [.. Enumerable.Range(0, 2).Select(_ => server.Http.PostAsync("/v1/completions", Json(fields), leave.Token))];
        EngineMetrics metrics = demo.Engine.Metrics;
        await Until(() => metrics.Preemptions.Value > 0);
        bool swapped = metrics.RequestsSwapped.Value > 0 || mode == PreemptionMode.Recompute;
        await leave.CancelAsync();
        await Task.WhenAll(both.Select(task => Assert.ThrowsAnyAsync<OperationCanceledException>(() => task)));
        await Until(() => IsQuiet(demo.Engine));
        Assert.True(swapped, "the preempted one was not swapped out");
    }

    [Fact]
    public async Task A_storm_of_two_hundred_leaves_nothing_and_the_next_is_answered_at_once()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 400, MaxNumSeqs = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var leave = new CancellationTokenSource();
        Task[] storm = [.. Enumerable.Range(0, 200).Select(i => server.Http.PostAsync("/v1/completions", Json($"{Endless},\"stream\":{(i % 2 == 0 ? "true" : "false")}"), leave.Token))];
        await Until(() => demo.Engine.InFlight == 200);
        await leave.CancelAsync();
        await Task.WhenAll(storm.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
        long before = demo.Engine.Metrics.GenerationTokens.Value;
        (await server.CompleteAsync(new { prompt = "Hello", max_tokens = 4, ignore_eos = true })).Ok();
        Assert.True(demo.Engine.Metrics.GenerationTokens.Value - before < 64 * 8, "it stood behind those who had left");
        await Until(() => IsQuiet(demo.Engine));
        Exposition page = Exposition.Read((await server.GetAsync("/metrics")).Ok().Text);
        Assert.Equal(0, page["vllm:num_requests_running"] + page["vllm:num_requests_waiting"] + page["vllm:kv_cache_usage_perc"]);
        Assert.Equal(201, page["vllm:request_success_total"]);
    }

    /// <summary>Sends a request, leaves once it has come to where it should be left, and waits until nothing of it is there.</summary>
    private static async Task LeaveAsync(Server server, string fields, Func<bool> there, Func<bool>? gone = null)
    {
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> answer = server.Http.SendAsync(new(HttpMethod.Post, "/v1/completions") { Content = Json(fields) }, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Until(there);
        if (fields.Contains("\"stream\"")) (await answer).Dispose();
        await leave.CancelAsync();
        if (!fields.Contains("\"stream\"")) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        if (gone is not null) await Until(gone);
        else await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") + await server.MetricAsync("vllm:num_requests_waiting") + await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
    }

    private static bool IsQuiet(LlmEngine engine) => engine.InFlight == 0 && engine.Metrics is { RequestsRunning.Value: 0, RequestsWaiting.Value: 0, RequestsSwapped.Value: 0, KvCacheUsage.Value: 0 };

    private static async Task Until(Func<bool> condition)
    {
        for (int i = 0; i < 10_000 && !condition(); i++) await Task.Delay(1);
        Assert.True(condition(), "it did not become true");
    }

    private static StringContent Json(string fields) => new($"{{{fields}}}", null, "application/json");
}
