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
