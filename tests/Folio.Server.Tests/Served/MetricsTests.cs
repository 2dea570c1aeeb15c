namespace Folio.Server.Tests;

/// <summary>With an engine of its own: the counts are those of these requests alone.</summary>
public sealed class MetricsTests
{
    private static readonly int[] Repeated = [.. Enumerable.Range(300, 40)];

    [Fact]
    public async Task Counters_equal_what_the_clients_counted()
    {
        await using var demo = new DemoEngine();
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.CompleteAsync(new { prompt = Repeated, max_tokens = 1 })).Ok();
        Reply cached = (await server.CompleteAsync(new { prompt = Repeated, max_tokens = 1 })).Ok();
        Assert.Equal(32, cached.Cached);
        Assert.Equal(32, await server.MetricAsync("vllm:prefix_cache_hits_total"));
        Assert.Equal(2 * Repeated.Length, await server.MetricAsync("vllm:prefix_cache_queries_total"));

        Reply one = (await server.CompleteAsync(new { prompt = "Once upon a time", max_tokens = 7, ignore_eos = true })).Ok();
        Reply two = (await server.ChatAsync(new { messages = new[] { new { role = "user", content = "Hi" } }, n = 2, max_tokens = 5, ignore_eos = true })).Ok();
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") == 0);

        Assert.Equal((2 * Repeated.Length) + one.Usage.GetProperty("prompt_tokens").GetInt32() + two.Usage.GetProperty("prompt_tokens").GetInt32(), await server.MetricAsync("vllm:prompt_tokens_total"));
        Assert.Equal(2 + one.Tokens + two.Tokens, await server.MetricAsync("vllm:generation_tokens_total"));
        Assert.Equal(5, await server.MetricAsync("vllm:request_success_total"));
        Assert.Equal(4, await server.MetricAsync("vllm:request_params_n_count"));
        Assert.Equal(0, await server.MetricAsync("vllm:num_requests_waiting"));
        Assert.Equal(0, await server.MetricAsync("vllm:kv_cache_usage_perc"));

        Reply page = await server.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", page.Response.Content.Headers.ContentType!.ToString());
        Assert.Contains("# TYPE vllm:time_to_first_token_seconds histogram", page.Text);
        Assert.Contains("model_name=\"demo\"", page.Text);
        Assert.Contains("vllm:cache_config_info{block_size=\"16\",enable_prefix_caching=\"True\"", page.Text);
    }
}

internal static class Eventually
{
    /// <summary>Waits until it holds; fails after ten seconds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 200; i++)
        {
            if (await condition()) return;
            await Task.Delay(50);
        }

        Assert.Fail("it did not become true within ten seconds");
    }
}
