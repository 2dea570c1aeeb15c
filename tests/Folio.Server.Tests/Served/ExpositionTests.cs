using System.Diagnostics;

namespace Folio.Server.Tests;

/// <summary>/metrics is what Prometheus reads, under vLLM's names.</summary>
public sealed class ExpositionTests(ServedFixture served) : IClassFixture<ServedFixture>
{
    private static readonly double[] Lengths = [1, 2, 5, 10, 20, 50, 100, 200, 500], Requests = [.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    private static readonly double[] Tokens = [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    private Server Server => served.Server;

    public static TheoryData<string, string, string> Expected => new()
    {
        { "vllm:num_requests_running", "gauge", "" },
        { "vllm:num_requests_waiting", "gauge", "" },
        { "vllm:num_requests_waiting_by_reason", "gauge", "reason" },
        { "vllm:engine_sleep_state", "gauge", "sleep_state" },
        { "vllm:kv_cache_usage_perc", "gauge", "" },
        { "vllm:cache_config_info", "gauge", "block_size cache_dtype num_gpu_blocks kv_cache_size_tokens kv_cache_max_concurrency enable_prefix_caching" },
        { "vllm:prefix_cache_queries_total", "counter", "" },
        { "vllm:prefix_cache_hits_total", "counter", "" },
        { "vllm:external_prefix_cache_queries_total", "counter", "" },
        { "vllm:external_prefix_cache_hits_total", "counter", "" },
        { "vllm:num_preemptions_total", "counter", "" },
        { "vllm:prompt_tokens_total", "counter", "" },
        { "vllm:prompt_tokens_by_source_total", "counter", "source" },
        { "vllm:prompt_tokens_cached_total", "counter", "" },
        { "vllm:prompt_tokens_cached_by_source_total", "counter", "source" },
        { "vllm:generation_tokens_total", "counter", "" },
        { "vllm:request_success_total", "counter", "finished_reason" },
        { "vllm:admission_rejections_total", "counter", "reason" },
        { "vllm:request_prompt_tokens", "histogram", "" },
        { "vllm:request_generation_tokens", "histogram", "" },
        { "vllm:request_max_num_generation_tokens", "histogram", "" },
        { "vllm:request_params_max_tokens", "histogram", "" },
        { "vllm:request_prefill_kv_computed_tokens", "histogram", "" },
        { "vllm:request_params_n", "histogram", "" },
        { "vllm:iteration_tokens_total", "histogram", "" },
        { "vllm:request_num_preemptions", "histogram", "" },
        { "vllm:time_to_first_token_seconds", "histogram", "" },
        { "vllm:inter_token_latency_seconds", "histogram", "" },
        { "vllm:request_time_per_output_token_seconds", "histogram", "" },
        { "vllm:e2e_request_latency_seconds", "histogram", "" },
        { "vllm:request_queue_time_seconds", "histogram", "" },
        { "vllm:request_inference_time_seconds", "histogram", "" },
        { "vllm:request_prefill_time_seconds", "histogram", "" },
        { "vllm:request_decode_time_seconds", "histogram", "" },
    };

    [Theory, MemberData(nameof(Expected))]
    public async Task Names_types_and_labels_are_vllm_s(string name, string type, string labels)
    {
        Exposition page = await ReadAsync();
        Assert.Equal(type, page.Types[name]);
        string[] own = [.. labels.Split(' ', StringSplitOptions.RemoveEmptyEntries), "engine", "model_name"];
        Assert.Equal(own.Order(), page.LabelsOf(type == "histogram" ? name + "_count" : name).Order());
        if (type != "gauge") Assert.Equal("gauge", page.Types[$"{(type == "counter" ? name[..^"_total".Length] : name)}_created"]);
    }

    [Fact]
    public async Task Buckets_are_vllm_s()
    {
        Exposition page = await ReadAsync();
        Same([.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560], "time_to_first_token_seconds");
        Same(Tokens, "inter_token_latency_seconds", "request_time_per_output_token_seconds");
        Same(Requests, "e2e_request_latency_seconds", "request_queue_time_seconds", "request_inference_time_seconds", "request_prefill_time_seconds", "request_decode_time_seconds");
        Same([1, 2, 5, 10, 20], "request_params_n");
        Same([1, 2, 3, 4, 5, 10, 20], "request_num_preemptions");
        Same([1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384], "iteration_tokens_total");
        Same(Lengths, "request_prompt_tokens", "request_generation_tokens", "request_max_num_generation_tokens", "request_params_max_tokens", "request_prefill_kv_computed_tokens"); // 1-2-5 up to the demo model's 512

        void Same(double[] bounds, params string[] names) => Assert.All(names, name => Assert.Equal(bounds, page.Bounds($"vllm:{name}")));
    }

    [Fact]
    public async Task Answers_are_counted_by_route_method_and_status()
    {
        await using Server server = await Server.StartAsync(served.Engine, new() { ApiKeys = ["secret"] });
        (await server.GetAsync("/v1/models")).Refused(401);
        server.As("secret");
        (await server.GetAsync("/v1/models/demo")).Ok();
        (await server.GetAsync("/v1/models/other")).Refused(404);
        (await server.GetAsync("/nothing/at/all")).Refused(404);
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1, stream = true })).Ok();
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = -1 })).Refused(400);
        await server.Http.SendAsync(new(new("BREW"), "/v1/models"));
        Exposition page = null!;
        await Eventually.TrueAsync(async () => (page = await ReadAsync(server))["http_requests_total"] - page["http_requests_total", ("handler", "/metrics")] == 7); // an answer is counted when its last byte is out
        Assert.Equal(1, Count("/v1/models", "GET", "4xx"));
        Assert.Equal(1, Count("/v1/models/{**id}", "GET", "2xx"));
        Assert.Equal(1, Count("/v1/models/{**id}", "GET", "4xx"));
        Assert.Equal(1, Count("none", "GET", "4xx"));
        Assert.Equal(1, Count("/v1/completions", "POST", "2xx"));
        Assert.Equal(1, Count("/v1/completions", "POST", "4xx"));
        Assert.Equal(1, Count("/v1/models", "OTHER", "4xx"));
        Assert.Equal(2, page["http_request_duration_seconds_count", ("handler", "/v1/completions")]);
        Assert.Equal(7, page["http_request_duration_highr_seconds_count"]); // without those for this page

        double Count(string handler, string method, string status) => page["http_requests_total", ("handler", handler), ("method", method), ("status", status)];
    }

    [Fact]
    public async Task Prometheus_own_tool_reads_the_page()
    {
        string? tool = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        if (tool is null) Assert.Skip("promtool isn't on the PATH");
        using Process check = Process.Start(new ProcessStartInfo(tool, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await check.StandardInput.WriteAsync((await Server.GetAsync("/metrics")).Ok().Text);
        check.StandardInput.Close();
        string said = await check.StandardOutput.ReadToEndAsync() + await check.StandardError.ReadToEndAsync();
        await check.WaitForExitAsync();
        Assert.True(check.ExitCode is 0 or 3, said); // 3: read, and some of vLLM's names aren't as the tool would have chosen them
        Assert.DoesNotContain("error while linting", said);
    }

    private Task<Exposition> ReadAsync() => ReadAsync(Server);

    private static async Task<Exposition> ReadAsync(Server server) => Exposition.Read((await server.GetAsync("/metrics")).Ok().Text);
}
