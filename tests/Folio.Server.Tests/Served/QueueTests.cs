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
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:time_to_first_token_seconds_count") == 2); // it is past the waiting room, however fast it ends
        Task<Reply> waiting, pin;
        using (var loop = new Standstill(demo.Engine))
        {
            waiting = server.CompleteAsync(new { prompt = Story, max_tokens = 200, temperature = 0, ignore_eos = true });
            await Eventually.TrueAsync(() => loop.Posted == 1);
            foreach (bool stream in new[] { false, true })
            {
                Reply refused = (await server.CompleteAsync(new { prompt = Story, max_tokens = 1, stream })).Refused(429, saying: "--max-waiting-requests");
                Assert.Equal(TimeSpan.FromSeconds(1), refused.Response.Headers.RetryAfter!.Delta);
                Assert.Equal("RateLimitError", refused.Json.GetProperty("error").GetProperty("type").GetString());
            }

            pin = server.PostAsync("/v1/prefixes", new { prompt = Enumerable.Repeat(5, 20), id = "late" }); // the loop refuses it, before its next step
            await Eventually.TrueAsync(() => loop.Posted == 2);
        }

        Assert.NotNull((await pin).Refused(429, saying: "--max-waiting-requests").Response.Headers.RetryAfter);
        Assert.Equal(3, await server.MetricAsync("vllm:admission_rejections_total"));

        Assert.Equal(expected, (await running).Ok().Completion);
        Assert.Equal(expected, (await waiting).Ok().Completion);
        (await server.CompleteAsync(new { prompt = Story, max_tokens = 1 })).Ok();
        (await server.PostAsync("/v1/prefixes", new { prompt = Enumerable.Repeat(5, 20), id = "late" })).Ok();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_a_pin_has_left_no_room_for_is_told_to_come_again_and_then_what_there_is(bool stream)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 8, MaxModelLen = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        var large = new { prompt = Story, max_tokens = 100, stream };
        Task<Reply> answer;
        Task<PinnedPrefix> pin;
        using (var loop = new Standstill(demo.Engine))
        {
            pin = demo.Engine.PinAsync(Enumerable.Repeat(5, 64).ToArray());
            answer = server.CompleteAsync(large);
            await Eventually.TrueAsync(() => loop.Posted == 2);
        }

        Reply refused = (await answer).Refused(503, saying: "pinned meanwhile");
        Assert.Equal("ServiceUnavailableError", refused.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Response.Headers.RetryAfter!.Delta);
        Assert.Equal(64, (await pin).Tokens);
        (await server.CompleteAsync(large)).Refused(400, "max_tokens", "the KV cache has 4 that aren't pinned");
        (await server.CompleteAsync(new { prompt = Story, max_tokens = 40, stream })).Ok();
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
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:time_to_first_token_seconds_count") == 1);
        Task<Reply> patient, urgent;
        using (var loop = new Standstill(demo.Engine))
        {
            patient = server.CompleteAsync(new { prompt = Story, max_tokens = 100, ignore_eos = true, priority = 5 });
            await Eventually.TrueAsync(() => loop.Posted == 1);
            urgent = server.CompleteAsync(new { prompt = Story, max_tokens = 100, ignore_eos = true, priority = -1 });
            await Eventually.TrueAsync(() => loop.Posted == 2);
        }

        Assert.Same(urgent, await Task.WhenAny(patient, urgent));
        (await running).Ok();
        (await urgent).Ok();
        (await patient).Ok();
    }
}
