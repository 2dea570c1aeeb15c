using Folio.Bench;

namespace Folio.Tests;

public class ServingResultTests
{
    /// <summary>Three requests in two seconds: one of three tokens, one of one token, one refused.</summary>
    private static readonly RequestOutcome[] s_outcomes =
    [
        new() { Start = 0, FirstToken = 0.1, Gaps = [0.2, 0.4], Latency = 0.7, PromptTokens = 10, OutputTokens = 3 },
        new() { Start = 0.7, FirstToken = 0.3, Gaps = [], Latency = 0.3, PromptTokens = 20, OutputTokens = 1 },
        new() { Start = 0.2, PromptTokens = 30, Error = "HTTP 429: too many wait" },
    ];

    [Fact]
    public void Figures_are_those_of_vllms_definitions()
    {
        var result = new ServingResult(s_outcomes, seconds: 2, goodput: null);
        Assert.Equal((2, 1, 30L, 4L), (result.Completed, result.Failed, result.InputTokens, result.OutputTokens));
        Assert.Equal((1.0, 2.0, 17.0), (result.RequestThroughput, result.OutputThroughput, result.TotalThroughput));
        Assert.Equal([200, 300, 300, 500], result.Metrics.Select(metric => Math.Round(metric.Milliseconds.Mean, 9))); // one token has no TPOT
        Assert.Equal(["ttft", "tpot", "itl", "e2el"], result.Metrics.Select(metric => metric.Key));
        Assert.Null(result.RequestGoodput);
    }

    [Fact]
    public void The_peak_second_is_counted_from_the_first_request_and_neighbours_in_time_are_not_beside_each_other()
    {
        var result = new ServingResult(s_outcomes, seconds: 2, goodput: null);
        Assert.Equal(3, result.PeakTokensPerSecond()); // 0.1, 0.3 and 0.7 s; the fourth comes with the next second
        Assert.Equal(1, result.PeakConcurrency());
    }

    [Theory]
    [InlineData("ttft:200", 0.5)]
    [InlineData("ttft:300 tpot:300", 1)]
    [InlineData("ttft:300 tpot:299", 0.5)] // a single token keeps any TPOT
    [InlineData("e2el:100", 0)]
    public void Goodput_counts_requests_that_keep_everything(string pairs, double expected) =>
        Assert.Equal(expected, new ServingResult(s_outcomes, seconds: 2, Goodput.Parse(pairs.Split(' '))).RequestGoodput);

    [Fact]
    public void Failures_are_named_and_counted()
    {
        RequestOutcome refused = s_outcomes[2];
        var result = new ServingResult([refused, refused with { Error = "HTTP 500" }, refused], seconds: 1, goodput: null);
        Assert.Equal(["2 requests failed: HTTP 429: too many wait", "1 request failed: HTTP 500"], ServingReport.Failures(result));
    }

    [Fact]
    public void A_servers_steps_are_found_in_its_metrics()
    {
        const string text = """
            # HELP vllm:iteration_tokens_total Tokens of a step.
            vllm:iteration_tokens_total_bucket{engine="0",le="1"} 5
            vllm:iteration_tokens_total_sum{engine="0"} 120.0
            vllm:iteration_tokens_total_count{engine="0"} 9
            """;
        Assert.Equal(new StepCount(9, 120), PublishedSteps.Find(text));
        Assert.Null(PublishedSteps.Find("llamacpp:n_decode_total 5"));
    }

    [Fact]
    public void A_request_reads_its_prompt_once_and_everything_before_each_later_token()
    {
        Assert.Equal(10, ModelWork.KeysRead(prompt: 10, output: 1));
        Assert.Equal(10 + 11 + 12, ModelWork.KeysRead(prompt: 10, output: 3)); // the second token is drawn from the eleventh, the third from the twelfth
        Assert.Equal(10 + 2 * (11 + 12), ModelWork.KeysRead(prompt: 10, output: 3, width: 2));
    }
}
