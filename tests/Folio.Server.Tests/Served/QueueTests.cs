using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>More requests than run at once.</summary>
public sealed class QueueTests
{
    private const string Story = "Once upon a time";

    [Fact]
    public async Task A_full_queue_is_answered_with_429_and_those_inside_notice_nothing()
    {
        await using var demo = new DemoEngine(new() { MaxNumSeqs = 1, NumBlocks = 64, MaxWaitingRequests = 1 });
        await using Server server = await Server.StartAsync(demo.Engine);
        string expected = (await server.CompleteAsync(new { prompt = Story, max_tokens = 200, temperature = 0, ignore_eos = true })).Ok().Completion;

        Task<Reply> running = server.CompleteAsync(new { prompt = Story, max_tokens = 200, temperature = 0, ignore_eos = true });
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") == 1);
        Task<Reply> waiting = server.CompleteAsync(new { prompt = Story, max_tokens = 200, temperature = 0, ignore_eos = true });
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_waiting") == 1);
        foreach (bool stream in new[] { false, true })
        {
            Reply refused = (await server.CompleteAsync(new { prompt = Story, max_tokens = 1, stream })).Refused(429, saying: "--max-waiting-requests");
            Assert.Equal(TimeSpan.FromSeconds(1), refused.Response.Headers.RetryAfter!.Delta);
            Assert.Equal("RateLimitError", refused.Json.GetProperty("error").GetProperty("type").GetString());
        }

        Assert.Equal(2, await server.MetricAsync("vllm:admission_rejections_total"));
        Assert.False(running.IsCompleted);
        Assert.Equal(expected, (await running).Ok().Completion);
        Assert.Equal(expected, (await waiting).Ok().Completion);
        (await server.CompleteAsync(new { prompt = Story, max_tokens = 1 })).Ok();
    }

    [Fact]
    public async Task Several_prompts_of_one_request_are_taken_all_or_not_at_all()
    {
        await using var demo = new DemoEngine(new() { MaxNumSeqs = 1, NumBlocks = 64, MaxWaitingRequests = 2 });
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.CompleteAsync(new { prompt = Enumerable.Repeat(Story, 50), max_tokens = 400, ignore_eos = true })).Refused(429);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") + await server.MetricAsync("vllm:num_requests_waiting") == 0);
        (await server.CompleteAsync(new { prompt = Story, max_tokens = 1 })).Ok();
    }

    [Fact]
    public async Task A_lower_priority_number_runs_first()
    {
        await using var demo = new DemoEngine(new() { MaxNumSeqs = 1, NumBlocks = 64, SchedulingPolicy = SchedulingPolicy.Priority });
        await using Server server = await Server.StartAsync(demo.Engine);
        Task<Reply> running = server.CompleteAsync(new { prompt = Story, max_tokens = 300, ignore_eos = true, priority = -9 });
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") == 1);
        Task<Reply> patient = server.CompleteAsync(new { prompt = Story, max_tokens = 100, ignore_eos = true, priority = 5 });
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_waiting") == 1);
        Task<Reply> urgent = server.CompleteAsync(new { prompt = Story, max_tokens = 100, ignore_eos = true, priority = -1 });
        Assert.Same(running, await Task.WhenAny(running, patient, urgent));
        Assert.Same(urgent, await Task.WhenAny(patient, urgent));
        (await urgent).Ok();
        (await patient).Ok();
    }
}
