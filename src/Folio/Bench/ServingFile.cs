using System.Globalization;
using System.Text.Json;

namespace Folio.Bench;

/// <summary>A serving benchmark's result as a file, with vLLM's keys.</summary>
internal static class ServingFile
{
    /// <param name="date">When it was made.</param>
    /// <param name="detailed">With a list of every request's figures.</param>
    public static void Write(string path, DateTime date, string model, ServingResult result, Traffic traffic, ResultChoices choices, Achieved? achieved, bool detailed) => ResultFile.Write(path, indented: false, json =>
    {
        json.WriteString("date", Date(date));
        json.WriteString("endpoint_type", "openai");
        json.WriteString("backend", "openai");
        json.WriteNull("label");
        json.WriteString("model_id", model);
        json.WriteNull("tokenizer_id");
        json.WriteNumber("num_prompts", result.Outcomes.Count);
        if (double.IsFinite(traffic.Rate)) json.WriteNumber("request_rate", traffic.Rate);
        else json.WriteString("request_rate", "inf");
        WriteOptional(json, "burstiness", traffic.Burstiness);
        WriteOptional(json, "max_concurrency", traffic.MaxConcurrency);
        json.WriteNumber("duration", result.Seconds);
        json.WriteNumber("completed", result.Completed);
        json.WriteNumber("failed", result.Failed);
        json.WriteNumber("total_input_tokens", result.InputTokens);
        json.WriteNumber("total_output_tokens", result.OutputTokens);
        json.WriteNumber("request_throughput", result.RequestThroughput);
        WriteOptional(json, "request_goodput", result.RequestGoodput);
        json.WriteNumber("output_throughput", result.OutputThroughput);
        json.WriteNumber("total_token_throughput", result.TotalThroughput);
        if (detailed) WriteRequests(json, result.Outcomes);
        json.WriteNumber("max_output_tokens_per_s", (double)result.PeakTokensPerSecond());
        json.WriteNumber("max_concurrent_requests", result.PeakConcurrency());
        if (achieved is not null)
        {
            json.WriteNumber("read_gb_per_second", achieved.GigabytesPerSecond);
            json.WriteNumber("gop_per_second", achieved.GigaoperationsPerSecond);
        }

        foreach (LatencyMetric metric in choices.Of(result)) WriteMetric(json, metric, choices.Percentiles);
    });

    /// <summary>The name that vLLM gives the file: openai-infqps-concurrency8-model-20261125-221500.json</summary>
    public static string Name(DateTime date, string model, Traffic traffic)
    {
        string rate = double.IsFinite(traffic.Rate) ? traffic.Rate.ToString("0.0###", CultureInfo.InvariantCulture) : "inf";
        string concurrency = traffic.MaxConcurrency is { } most ? $"-concurrency{most}" : "";
        return $"openai-{rate}qps{concurrency}-{model[(model.LastIndexOf('/') + 1)..]}-{Date(date)}.json";
    }

    private static string Date(DateTime date) => date.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);

    private static void WriteOptional(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number && double.IsFinite(number)) json.WriteNumber(key, number);
        else json.WriteNull(key);
    }

    private static void WriteMetric(Utf8JsonWriter json, LatencyMetric metric, IReadOnlyList<double> percentiles)
    {
        json.WriteNumber($"mean_{metric.Key}_ms", metric.Milliseconds.Mean);
        json.WriteNumber($"median_{metric.Key}_ms", metric.Milliseconds.Median);
        json.WriteNumber($"std_{metric.Key}_ms", metric.Milliseconds.Deviation);
        foreach (double percent in percentiles) json.WriteNumber($"p{ResultChoices.Word(percent)}_{metric.Key}_ms", metric.Milliseconds.Percentile(percent));
    }

    private static void WriteRequests(Utf8JsonWriter json, IReadOnlyList<RequestOutcome> outcomes)
    {
        List("input_lens", outcome => json.WriteNumberValue(outcome.PromptTokens));
        List("output_lens", outcome => json.WriteNumberValue(outcome.OutputTokens));
        List("ttfts", outcome => json.WriteNumberValue(outcome.FirstToken));
        List("itls", outcome =>
        {
            json.WriteStartArray();
            foreach (double gap in outcome.Gaps) json.WriteNumberValue(gap);
            json.WriteEndArray();
        });
        List("latencies", outcome => json.WriteNumberValue(outcome.Latency));
        List("start_times", outcome => json.WriteNumberValue(outcome.Start));
        List("generated_texts", outcome => json.WriteStringValue(outcome.Text));
        List("errors", outcome => json.WriteStringValue(outcome.Error ?? ""));

        void List(string key, Action<RequestOutcome> write)
        {
            json.WriteStartArray(key);
            foreach (RequestOutcome outcome in outcomes) write(outcome);
            json.WriteEndArray();
        }
    }
}
