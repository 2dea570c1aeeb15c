using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>/pause and /resume, and what health says to that.</summary>
public sealed class PauseTests
{
    private static readonly object Long = new { prompt = "Once upon a time", max_tokens = 480, ignore_eos = true, temperature = 0 };

    [Fact]
    public async Task Who_is_kept_goes_on_where_it_was_and_newcomers_wait()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        string expected = (await server.CompleteAsync(Long)).Ok().Completion;
        Task<Reply> running, pause;
        using (var gate = new StepGate(demo.Engine, 5))
        {
            running = server.CompleteAsync(Long);
            await Eventually.TrueAsync(() => gate.Holds);
            pause = server.PostAsync("/pause?mode=keep", "");
            await Eventually.TrueAsync(() => gate.Posted == 1);
        }

        Assert.Equal("""{"status":"paused"}""", (await pause).Ok().Text);
        Assert.InRange(await server.MetricAsync("vllm:generation_tokens_total"), 481, 490);
        Assert.Equal("""{"is_paused":true}""", (await server.GetAsync("/is_paused")).Ok().Text);
        Task<Reply> newcomer = server.CompleteAsync(new { prompt = "Twice", max_tokens = 1 });
        (await server.GetAsync("/health/ready")).Refused(503, saying: "paused");
        foreach (string path in new[] { "/health", "/health/live", "/ping" }) (await server.GetAsync(path)).Ok();
        await Task.Delay(100);
        Assert.False(newcomer.IsCompleted);
        Assert.Equal("""{"status":"resumed"}""", (await server.PostAsync("/resume", "")).Ok().Text);
        (await server.GetAsync("/health/ready")).Ok();
        Assert.Equal("""{"is_paused":false}""", (await server.GetAsync("/is_paused")).Ok().Text);
        Assert.Equal(expected, (await running).Ok().Completion);
        (await newcomer).Ok();
        await Eventually.TrueAsync(async () => (await server.GetAsync("/load")).Ok().Text == """{"server_load":0}""");
    }

    [Fact]
    public async Task By_default_those_who_run_are_told_to_come_again()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        Task<Reply> running;
        using (var loop = new Standstill(demo.Engine))
        {
            running = server.CompleteAsync(Long);
            await Eventually.TrueAsync(() => loop.Posted == 1);
            _ = server.PostAsync("/pause", "");
            await Eventually.TrueAsync(() => loop.Posted == 2);
        }

        Reply refused = (await running).Refused(503, saying: "paused");
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
        (await server.PostAsync("/resume", "")).Ok();
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
    }

    [Fact]
    public async Task What_pause_does_not_know_it_refuses()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.PostAsync("/pause?mode=soft", "")).Refused(400, "mode");
        (await server.PostAsync("/pause?clear_cache=perhaps", "")).Refused(400, "clear_cache");
        (await server.PostAsync("/pause?level=1", "")).Refused(400, saying: "level");
        (await server.GetAsync("/health/ready")).Ok();
    }

    [Fact]
    public async Task An_engine_that_stands_still_turns_health_red_frees_those_who_wait_and_recovers()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128, WatchdogTimeout = TimeSpan.FromSeconds(2) });
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
        using (new Standstill(demo.Engine))
        {
            Reply[] failed = await Task.WhenAll(new[] { false, true }.Select(stream => server.CompleteAsync(new { prompt = "Once", max_tokens = 1, stream })));
            foreach (Reply reply in failed) Assert.NotNull(reply.Refused(503, saying: "stands still").Response.Headers.RetryAfter);
            foreach (string path in new[] { "/health", "/health/live", "/health/ready", "/ping" }) (await server.GetAsync(path)).Refused(503, saying: "stands still");
            (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Refused(503, saying: "stands still");
            (await server.PostAsync("/reset_prefix_cache", "")).Refused(503, saying: "stands still");
        }

        await Eventually.TrueAsync(async () => (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Status == 200);
        (await server.GetAsync("/health")).Ok();
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") + await server.MetricAsync("vllm:num_requests_waiting") + await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
    }
}
