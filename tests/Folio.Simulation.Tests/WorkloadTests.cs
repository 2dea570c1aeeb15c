using System.IO.Compression;

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

    /// <summary>Enough of them that an unstable sort would mix them.</summary>
    [Fact]
    public void Who_comes_at_the_same_time_stays_in_the_traces_order()
    {
        IEnumerable<string> lines = Enumerable.Range(0, 200).Select(i => $$"""{"timestamp": {{1000 * (i % 2)}}, "input_length": {{i + 1}}, "output_length": 1, "hash_ids": [9999999999]}""");
        Workload workload = Given("ties.jsonl", file => File.WriteAllLines(file, lines), TraceFile.Read);
        Assert.Equal([.. Enumerable.Range(0, 100).Select(i => 2 * i + 1), .. Enumerable.Range(0, 100).Select(i => 2 * i + 2)], workload.Requests.Select(request => request.PromptTokens));
        Assert.Equal(workload.Requests.Select(request => request.PromptTokens), workload.AtRate(100).Requests.Select(request => request.PromptTokens));
    }

    [Fact]
    public void Lengths_that_add_up_to_more_than_an_int_are_too_long_and_no_more()
    {
        const string lines = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,2147483647,2147483647\n2023-11-16 18:15:47,20,2\n2023-11-16 18:15:48,20,2\n";
        Workload workload = Given("long.csv", file => File.WriteAllText(file, lines), TraceFile.Read);
        Assert.Equal(1, Planner.Plan(new(Deployment.Opt13B, workload, ServiceLevel.Parse("ttft=1s"), new())).TooLong);
        Assert.Equal(1, new Simulator(SimulatedEngine.Of(ServingSystem.OrcaOracle, Deployment.Opt13B)).Run(workload).Rejected);
    }

    [Fact]
    public void A_packed_trace_is_read_as_the_file_in_it()
    {
        string plain = TestData.Shared("traces", TraceFile.Known["azure-code"]);
        Workload packed = Given("trace.csv.gz", file => Pack(File.ReadAllBytes(plain), file), TraceFile.Read);
        Assert.Equal(TraceFile.Read(plain).Requests.Count, packed.Requests.Count);
    }

    [Theory]
    [InlineData("broken.csv", "line 3")]
    [InlineData("missing.csv", "neither a file nor a trace")]
    [InlineData("folder.csv", "is a folder")]
    [InlineData("cut.csv.gz", "can't be read")]
    [InlineData("unpacked.csv.gz", "can't be read")]
    [InlineData("locked.csv", "can't be read")]
    public void A_trace_that_cannot_be_read_is_named_with_the_reason(string name, string reason)
    {
        const string text = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\nnonsense\n";
        string message = Given(name, Make, file =>
        {
            using FileStream? held = name.StartsWith("locked", StringComparison.Ordinal) ? new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None) : null;
            return Assert.Throws<FolioException>(() => TraceFile.Read(file)).Message;
        });
        Assert.Contains(reason, message);
        Assert.Contains(name, message);
        Assert.DoesNotContain('\n', message);

        void Make(string file)
        {
            if (name.StartsWith("missing", StringComparison.Ordinal)) return;
            if (name.StartsWith("folder", StringComparison.Ordinal)) Directory.CreateDirectory(file);
            else if (name.StartsWith("cut", StringComparison.Ordinal)) Pack(new byte[100_000], file, keep: 40);
            else File.WriteAllText(file, text);
        }
    }

    private static void Pack(byte[] bytes, string file, int keep = int.MaxValue)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        File.WriteAllBytes(file, packed.ToArray()[..Math.Min(keep, (int)packed.Length)]);
    }

    /// <summary>A file of that name in a folder of its own, for as long as it is read.</summary>
    private static T Given<T>(string name, Action<string> make, Func<string, T> read)
    {
        string folder = Directory.CreateTempSubdirectory("folio-trace-").FullName, file = Path.Combine(folder, name);
        try
        {
            make(file);
            return read(file);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
