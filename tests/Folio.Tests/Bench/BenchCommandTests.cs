using System.Text.Json;

namespace Folio.Tests;

/// <summary>folio bench as a user runs it, on the demo model. Speed itself is not tested.</summary>
public class BenchCommandTests
{
    private const string Small = "--input-len 16 --output-len 8";

    [Fact]
    public async Task Latency_of_a_batch_is_told_and_kept_with_vllms_keys()
    {
        (Command.Result result, JsonElement json) = await RunAsync($"latency {Small} --batch-size 2 --num-iters-warmup 1 --num-iters 3", "--output-json");
        Assert.All(["Avg latency: ", "10% percentile latency: ", "99% percentile latency: ", " GB/s read", " Gop/s"], text => Assert.Contains(text, result.Output));
        Assert.Equal(["avg_latency", "std_latency", "latencies", "percentiles", "output_tokens_per_second", "read_gb_per_second", "gop_per_second"], Keys(json));
        Assert.Equal(["10", "25", "50", "75", "90", "99"], Keys(json.GetProperty("percentiles")));
        double[] latencies = [.. json.GetProperty("latencies").EnumerateArray().Select(value => value.GetDouble()).Order()];
        Assert.Equal(3, latencies.Length);
        Assert.Equal(latencies[1], json.GetProperty("percentiles").GetProperty("50").GetDouble());
        Assert.Equal(latencies.Average(), json.GetProperty("avg_latency").GetDouble(), 9);
    }

    [Fact]
    public async Task Throughput_of_many_requests_is_told_and_kept_with_vllms_keys()
    {
        (Command.Result result, JsonElement json) = await RunAsync($"throughput {Small} --num-prompts 6", "--output-json");
        Assert.All(["Throughput: ", " requests/s, ", " total tokens/s, ", "Total num prompt tokens:  96\n", "Total num output tokens:  48\n", "Prefill: ", "Decode: "], text => Assert.Contains(text, result.Output));
        Assert.Equal(["elapsed_time", "num_requests", "total_num_tokens", "requests_per_second", "tokens_per_second", "prefill_tokens_per_second"], Keys(json)[..6]);
        Assert.Contains("decode_read_gb_per_second", Keys(json));
        Assert.Equal(144, json.GetProperty("total_num_tokens").GetInt32());
        Assert.Equal(144 / json.GetProperty("elapsed_time").GetDouble(), json.GetProperty("tokens_per_second").GetDouble(), 6);
    }

    [Fact]
    public async Task Throughput_counts_every_beam_and_shares_the_prefix()
    {
        (Command.Result result, JsonElement json) = await RunAsync($"throughput {Small} --num-prompts 3 --n 2 --use-beam-search --prefix-len 32", "--output-json");
        Assert.Equal(3 * (48 + 2 * 8), json.GetProperty("total_num_tokens").GetInt32());
        Assert.Contains("80 of 144 prompt tokens were computed, the others shared", result.Output); // the prefix once
    }

    [Fact]
    public async Task A_server_is_measured_and_the_result_has_vllms_keys()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync("--api-key", "secret");
        (Command.Result result, JsonElement json) = await RunAsync(
            $"serve --base-url {folio.Url} --api-key secret --num-prompts 6 --random-input-len 16 --random-output-len 8 --random-prefix-len 16 --request-rate 100 --burstiness 0.5 --max-concurrency 2 "
            + $"--num-warmups 1 --goodput ttft:60000 e2el:60000 --metric-percentiles 50,99.9 --model-path {TestData.DemoModel} --save-detailed",
            "--result-filename");
        Assert.StartsWith("============ Serving Benchmark Result ============\nSuccessful requests:                     6         \n", result.Output);
        Assert.Contains("---------------Time to First Token----------------\nMean TTFT (ms): ", result.Output);
        Assert.Equal(
            [
                "date", "endpoint_type", "backend", "label", "model_id", "tokenizer_id", "num_prompts", "request_rate", "burstiness", "max_concurrency", "duration", "completed", "failed",
                "total_input_tokens", "total_output_tokens", "request_throughput", "request_goodput", "output_throughput", "total_token_throughput",
                "input_lens", "output_lens", "ttfts", "itls", "latencies", "start_times", "generated_texts", "errors", "max_output_tokens_per_s", "max_concurrent_requests", "read_gb_per_second", "gop_per_second",
                .. new[] { "ttft", "tpot", "itl", "e2el" }.SelectMany(key => new[] { $"mean_{key}_ms", $"median_{key}_ms", $"std_{key}_ms", $"p50_{key}_ms", $"p99.9_{key}_ms" }),
            ],
            Keys(json));
        Assert.Equal((6, 0, 192, 48), (Int(json, "completed"), Int(json, "failed"), Int(json, "total_input_tokens"), Int(json, "total_output_tokens")));
        Assert.Equal(json.GetProperty("request_throughput").GetDouble(), json.GetProperty("request_goodput").GetDouble());
        Assert.All(json.GetProperty("itls").EnumerateArray(), gaps => Assert.InRange(gaps.GetArrayLength(), 1, 7)); // an event may bring two tokens
        Assert.InRange(Int(json, "max_concurrent_requests"), 1, 2);
    }

    [Fact]
    public async Task A_server_may_be_named_by_host_and_port()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync();
        (_, JsonElement json) = await RunAsync($"serve --host localhost --port {folio.Url.Port} --num-prompts 1 --random-input-len 8 --random-output-len 2", "--result-filename");
        Assert.Equal(1, Int(json, "completed"));
    }

    [Fact]
    public async Task Words_are_sent_where_ids_are_not_wanted_and_a_trace_at_its_own_lengths()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync();
        (_, JsonElement words) = await RunAsync($"serve --base-url {folio.Url} --num-prompts 2 --random-input-len 20 --random-output-len 4 --prompt-format text", "--result-filename");
        Assert.InRange(Int(words, "total_input_tokens"), 40, 80);
        (_, JsonElement trace) = await RunAsync($"serve --base-url {folio.Url} --dataset-name trace --trace-path azure-conv --max-model-len 150 --num-prompts 3 --request-rate 50", "--result-filename");
        Assert.Equal(3, Int(trace, "completed"));
        Assert.Equal(JsonValueKind.Null, trace.GetProperty("burstiness").ValueKind);
    }

    [Fact]
    public async Task Refused_requests_are_counted_as_failed_and_the_reason_is_named()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync("--max-model-len", "64");
        string file = Path.Combine(Directory.CreateTempSubdirectory("folio-test-").FullName, "result.json");
        Command.Result result = await Command.FolioAsync(["bench", "serve", "--base-url", folio.Url.ToString(), "--num-prompts", "3", "--random-input-len", "100", "--result-filename", file]);
        Assert.Equal(1, result.ExitCode); // nobody was served
        Assert.Contains("3 requests failed: HTTP 400: ", result.Errors);
        Assert.Contains("maximum context length is 64 tokens", result.Errors);
        Assert.Contains("Failed requests:                         3", result.Output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        Assert.Equal((0, 3), (Int(json.RootElement, "completed"), Int(json.RootElement, "failed")));
    }

    [Theory]
    [InlineData("serve --base-url http://127.0.0.1:1", "http://127.0.0.1:1 doesn't say which models it has: ")]
    [InlineData("serve --base-url nowhere", "--base-url is 'nowhere'; an address like http://127.0.0.1:8000 was expected.")]
    [InlineData("serve --port 1", "http://127.0.0.1:1 doesn't say which models it has: ")]
    [InlineData("serve --host ::1 --port 1", "http://[::1]:1 doesn't say which models it has: ")]
    [InlineData("serve --host http://here", "--host is 'http://here'; a name or an address such as 127.0.0.1 was expected.")]
    [InlineData("serve --host here --base-url http://there", "--base-url says where the server is, and so do --host and --port; one or the other was expected.")]
    [InlineData("serve --goodput ttft", "--goodput has 'ttft'; ttft, tpot or e2el, a colon and milliseconds were expected, as in ttft:500.")]
    [InlineData("serve --percentile-metrics ttft,speed", "--percentile-metrics has 'speed'; some of ttft,tpot,itl,e2el were expected.")]
    [InlineData("serve --metric-percentiles 101", "--metric-percentiles has '101'; numbers from 0 to 100 were expected, as in 50,99.")]
    [InlineData("serve --request-rate fast", "--request-rate is 'fast'; a number or inf was expected.")]
    [InlineData("serve --burstiness 0", "--burstiness is 0; it must be above 0.")]
    [InlineData("serve --dataset-name trace", "--dataset-name trace needs --trace-path.")]
    [InlineData("serve --trace-path azure-conv", "--trace-path goes with --dataset-name trace.")]
    [InlineData("serve --dataset-name trace --trace-path azure-conv --burstiness 2", "--burstiness has no meaning for a trace: its requests come at its own times.")]
    [InlineData("latency --input-len 600 --output-len 1", "maximum context length is 512 tokens")]
    [InlineData("latency --num-iters 0", "--num-iters is 0; it must be at least 1.")]
    public async Task What_cannot_be_measured_is_a_sentence_and_exit_code_1(string line, string expected)
    {
        Command.Result result = await Command.FolioAsync(["bench", .. line.Split(' ')]);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
    }

    /// <summary>Runs a benchmark that succeeds.</summary>
    /// <param name="fileOption">The option that names its result's file.</param>
    private static async Task<(Command.Result Result, JsonElement Json)> RunAsync(string line, string fileOption)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("folio-test-").FullName, "result.json");
        Command.Result result = await Command.FolioAsync(["bench", .. line.Split(' '), fileOption, file]);
        Assert.True(result.ExitCode == 0, result.Errors);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        return (result, json.RootElement.Clone());
    }

    private static string[] Keys(JsonElement json) => [.. json.EnumerateObject().Select(field => field.Name)];

    private static int Int(JsonElement json, string key) => json.GetProperty(key).GetInt32();
}
