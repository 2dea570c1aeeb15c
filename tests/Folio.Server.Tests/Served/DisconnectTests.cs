using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>Whoever leaves holds nothing any more, in whatever state its request was (B18, B19). With engines of their own: the gauges are those of these requests alone.</summary>
public sealed class DisconnectTests
{
    private const string Endless = "\"prompt\":\"Once upon a time\",\"max_tokens\":480,\"ignore_eos\":true";

    /// <summary>A repetition of repetitions, which takes the compiler long enough to be left.</summary>

    [Theory]
    [InlineData(Endless, 1)]
    [InlineData(Endless + ",\"stream\":true", 1)]
    [InlineData(Endless + ",\"n\":4", 4)]
    [InlineData(Endless + ",\"n\":4,\"stream\":true", 4)]
    [InlineData(Endless + ",\"use_beam_search\":true,\"n\":4", 4)]
    [InlineData(Endless + ",\"best_of\":4", 1)]
    public async Task While_it_runs(string fields, int answers)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 256 });
        await using Server server = await Server.StartAsync(demo.Engine);
        await server.LeaveAsync(demo.Engine, gate => LeaveAsync(server, fields, () => gate.Holds && demo.Engine.Metrics.KvCacheUsage.Value > 0), answers);
    }

    [Fact]
    public async Task While_it_waits_its_turn()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64, MaxNumSeqs = 1 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var leave = new CancellationTokenSource();
        using var gate = new StepGate(demo.Engine, 3);
        Task ahead = server.Http.PostAsync("/v1/completions", Json(Endless), leave.Token);
        await Eventually.TrueAsync(() => gate.Holds);
        await LeaveAsync(server, Endless, () => IsTaken() && demo.Engine.Metrics.RequestsWaiting.Value == 1);
        await Eventually.TrueAsync(() => IsTaken() && demo.Engine.Metrics.RequestsWaiting.Value == 0);
        Assert.Equal(1, demo.Engine.Metrics.RequestsRunning.Value);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ahead);
        await Eventually.TrueAsync(() => gate.Posted > 0);
        gate.Dispose();
        await Eventually.TrueAsync(() => IsQuiet(demo.Engine));

        bool IsTaken() // once there is a message: the loop takes it behind one step, and tells what it means behind another
        {
            if (gate.Posted > 0) gate.Run(2);
            return gate.Holds && gate.Posted == 0;
        }
    }

    [Fact]
    public async Task While_its_grammar_is_compiled()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        bool seen = false;
        for (int attempt = 1; !seen; attempt++) // a laborious pattern, another one each time; on a busy machine it may be compiled before anybody looks
        {
            Assert.True(attempt < 500, "it was never seen to be compiled");
            using var leave = new CancellationTokenSource();
            Task<HttpResponseMessage> answer = server.Http.PostAsync("/v1/completions", Json($"\"prompt\":\"Once\",\"max_tokens\":3,\"guided_regex\":\"((a|b|c|d|e|f|g){{1,40}}x){{1,40}}{attempt}\""), leave.Token);
            while (!seen && !answer.IsCompleted)
            {
                seen = demo.Engine.Metrics.RequestsWaiting.Value == 1;
                await Task.Yield();
            }

            await leave.CancelAsync();
            await answer.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        await server.IdleAsync();
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
        EngineMetrics metrics = demo.Engine.Metrics;
        using var leave = new CancellationTokenSource();
        using var gate = new StepGate(demo.Engine, 0);
        Task[] both = [.. Enumerable.Range(0, 2).Select(_ => server.Http.PostAsync("/v1/completions", Json(fields), leave.Token))];
        await Eventually.TrueAsync(() => gate.Holds && demo.Engine.InFlight == 2);
        for (int step = 0; metrics.Preemptions.Value == 0; step++)
        {
            Assert.True(step < 300, "nobody was preempted");
            gate.Run(1);
            await Eventually.TrueAsync(() => gate.Holds);
        }

        Assert.Equal(mode == PreemptionMode.Swap ? 1 : 0, metrics.RequestsSwapped.Value);
        await leave.CancelAsync();
        await Task.WhenAll(both.Select(task => Assert.ThrowsAnyAsync<OperationCanceledException>(() => task)));
        await Eventually.TrueAsync(() => gate.Leaving == 2);
        gate.Dispose();
        await Eventually.TrueAsync(() => IsQuiet(demo.Engine));
    }

    [Fact]
    public async Task A_storm_of_two_hundred_leaves_nothing_and_the_next_is_answered_at_once()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 400, MaxNumSeqs = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var leave = new CancellationTokenSource();
        using var gate = new StepGate(demo.Engine, 20);
        Task[] storm = [.. Enumerable.Range(0, 200).Select(i => server.Http.PostAsync("/v1/completions", Json($"{Endless},\"stream\":{(i % 2 == 0 ? "true" : "false")}"), leave.Token))];
        await Eventually.TrueAsync(() => demo.Engine.InFlight == 200 && gate.Holds);
        await leave.CancelAsync();
        await Task.WhenAll(storm.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
        await Eventually.TrueAsync(() => gate.Leaving == 200);
        long before = demo.Engine.Metrics.GenerationTokens.Value;
        gate.Dispose();
        (await server.CompleteAsync(new { prompt = "Hello", max_tokens = 4, ignore_eos = true })).Ok();
        Assert.True(demo.Engine.Metrics.GenerationTokens.Value - before <= 64 + 4, "it stood behind those who had left");
        await Eventually.TrueAsync(() => IsQuiet(demo.Engine));
        Exposition page = Exposition.Read((await server.GetAsync("/metrics")).Ok().Text);
        Assert.Equal(0, page["vllm:num_requests_running"] + page["vllm:num_requests_waiting"] + page["vllm:kv_cache_usage_perc"]);
        Assert.Equal(201, page["vllm:request_success_total"]);
    }

    /// <summary>Sends a request and leaves once it has come to where it should be left.</summary>
    private static async Task LeaveAsync(Server server, string fields, Func<bool> there)
    {
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> answer = server.Http.SendAsync(new(HttpMethod.Post, "/v1/completions") { Content = Json(fields) }, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Eventually.TrueAsync(there);
        if (fields.Contains("\"stream\"")) (await answer).Dispose();
        await leave.CancelAsync();
        if (!fields.Contains("\"stream\"")) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    private static bool IsQuiet(LlmEngine engine) => engine.InFlight == 0 && engine.Metrics is { RequestsRunning.Value: 0, RequestsWaiting.Value: 0, RequestsSwapped.Value: 0, KvCacheUsage.Value: 0 };

    private static StringContent Json(string fields) => new($"{{{fields}}}", null, "application/json");
}
