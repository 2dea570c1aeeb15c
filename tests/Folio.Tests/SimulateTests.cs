namespace Folio.Tests;

/// <summary>folio simulate, as a user runs it.</summary>
public class SimulateTests
{
    private static readonly string[] s_plan = ["simulate", "--device", "h200", "--model", "llama-3.1-8b", "--trace", "azure-code", "--requests", "100"];

    [Fact]
    public async Task A_plan_says_what_a_device_sustains_and_what_a_load_takes()
    {
        Command.Result result = await Command.FolioAsync([.. s_plan, "--load", "1000"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"1 device sustains \d+(\.\d+)? requests/s", result.Output);
        Assert.Matches(@"A load of 1000 requests/s takes \d+ devices\.", result.Output);
    }

    [Fact]
    public async Task A_plan_says_where_its_load_comes_from_if_not_from_the_user()
    {
        Command.Result result = await Command.FolioAsync(s_plan);
        Assert.Matches(@"A load of \d+(\.\d+)? requests/s, the trace's own rate \(--load gives another\), takes \d+ devices?\.", result.Output);
    }

    [Fact]
    public async Task A_plan_says_which_part_of_the_trace_it_took_and_that_it_was_repeated()
    {
        Command.Result result = await Command.FolioAsync([.. s_plan[..^1], "20"]);
        Assert.Matches(@"azure-code, the first 20 of \d+: 20 requests, .*; repeated, to last long enough\n", result.Output);
    }

    [Theory]
    [InlineData("nope", "1", "'nope' is neither a file nor a trace that is known by name (azure-conv, azure-code, sharegpt, alpaca).")]
    [InlineData("azure-conv", "3", "llama-3.1-8b has 8 KV heads, which 3 devices can't share evenly; --devices must divide 8.")]
    public async Task A_plan_that_cannot_be_made_is_a_sentence(string trace, string devices, string expected)
    {
        Command.Result result = await Command.FolioAsync(["simulate", "--device", "h200", "--model", "llama-3.1-8b", "--trace", trace, "--devices", devices]);
        Assert.Equal((1, $"folio: {expected}\n"), (result.ExitCode, result.Errors));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e7")]
    [InlineData("1e99")]
    public async Task A_load_that_cannot_be_meant_is_refused(string load)
    {
        Command.Result result = await Command.FolioAsync([.. s_plan, "--load", load]);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Matches(@"^folio: --load is [^ ]+; requests a second were expected, more than 0 and at most 1000000\.\n$", result.Errors);
    }
}
