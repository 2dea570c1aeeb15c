namespace Folio.Simulation.Tests;

public sealed class WorkloadTests
{
    [Fact]
    public void Lengths_have_the_papers_means()
    {
        Workload shareGpt = PaperWorkloads.ShareGpt(rate: 10, seconds: 4000, seed: 1), alpaca = PaperWorkloads.Alpaca(rate: 10, seconds: 4000, seed: 1);
        Assert.InRange(shareGpt.Requests.Average(request => request.PromptTokens), 161.31 * 0.98, 161.31 * 1.02);
        Assert.InRange(shareGpt.Requests.Average(request => request.OutputTokens), 337.99 * 0.98, 337.99 * 1.02);
        Assert.InRange(alpaca.Requests.Average(request => request.PromptTokens), 19.31 * 0.98, 19.31 * 1.02);
        Assert.InRange(alpaca.Requests.Average(request => request.OutputTokens), 58.45 * 0.98, 58.45 * 1.02);
        Assert.All(shareGpt.Requests, request => Assert.InRange(request.PromptTokens + request.OutputTokens, 2, 2048));
    }

    [Fact]
    public void Arrivals_are_a_poisson_process_of_the_rate_asked_for()
    {
        Workload workload = PaperWorkloads.Alpaca(rate: 5, seconds: 4000, seed: 3);
        double[] gaps = [.. workload.Requests.Zip(workload.Requests.Skip(1), (a, b) => b.Arrival - a.Arrival)];
        double mean = gaps.Average(), variance = gaps.Average(gap => (gap - mean) * (gap - mean));
        Assert.InRange(mean, 0.2 * 0.97, 0.2 * 1.03);
        Assert.InRange(variance / (mean * mean), 0.93, 1.07); // 1 for exponential gaps
    }

    [Fact]
    public void Another_rate_brings_the_same_requests_sooner()
    {
        Workload slow = PaperWorkloads.ShareGpt(1, 500, seed: 9), fast = slow.AtRate(4);
        Assert.Equal(4, fast.Rate, 1e-9);
        Assert.Equal(slow.Requests.Select(request => request.OutputTokens), fast.Requests.Select(request => request.OutputTokens));
    }

    [Fact]
    public void A_workload_that_is_repeated_keeps_its_rate_and_shares_nothing_between_rounds()
    {
        Workload once = PaperWorkloads.SharedPrefix(prefix: 50, rate: 2, seconds: 20, seed: 4), thrice = once.Lasting(2.5 * once.Duration);
        Assert.Equal(3 * once.Requests.Count, thrice.Requests.Count);
        Assert.Equal(once.Rate, thrice.Rate, 1e-9);
        int[] first = thrice.Requests[0].Prompt(0), sibling = thrice.Requests[1].Prompt(1), later = thrice.Requests[once.Requests.Count].Prompt(once.Requests.Count);
        Assert.True(first.AsSpan().CommonPrefixLength(sibling) >= 50);
        Assert.Equal(0, first.AsSpan().CommonPrefixLength(later));
        Assert.Same(once, once.Lasting(1));
    }

    [Theory]
    [InlineData("azure-conv", 19_366, 1154.7, 211.1)]
    [InlineData("azure-code", 8_819, 2047.8, 27.9)]
    public void The_azure_traces_are_read_whole(string name, int requests, double prompt, double output)
    {
        Workload workload = TraceFile.Read(name);
        Assert.Equal(TraceFile.Read(TestData.Shared("traces", TraceFile.Known[name])).Requests.Select(request => (request.Arrival, request.PromptTokens, request.OutputTokens)),
            workload.Requests.Select(request => (request.Arrival, request.PromptTokens, request.OutputTokens)));
        Assert.Equal(requests, workload.Requests.Count);
        Assert.Equal(prompt, workload.Requests.Average(request => request.PromptTokens), 0.1);
        Assert.Equal(output, workload.Requests.Average(request => request.OutputTokens), 0.1);
        Assert.InRange(workload.Duration, 3000, 3700);
    }

    [Fact]
    public void Mooncakes_hashes_become_shared_prefixes()
    {
        Workload workload = TraceFile.Read(TestData.Shared("traces", "mooncake_conversation_trace.jsonl"));
        Assert.Equal(12_031, workload.Requests.Count);
        int[] first = workload.Requests[0].Prompt(0), second = workload.Requests[1].Prompt(1); // hash ids 0, 1, 2, … and 0, 14, 15, …
        Assert.Equal(512, first.AsSpan().CommonPrefixLength(second));
    }

    [Fact]
    public void A_broken_trace_is_refused_by_its_line()
    {
        string path = Path.Combine(Path.GetTempPath(), $"folio-trace-{Environment.ProcessId}.csv");
        File.WriteAllText(path, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\nnonsense\n");
        try
        {
            Assert.Contains("line 3", Assert.Throws<FolioException>(() => TraceFile.Read(path)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
