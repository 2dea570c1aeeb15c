using System.Text.RegularExpressions;

namespace Folio.Tests;

/// <summary>What deploy/ and its document tell a machine to run is what the command takes.</summary>
public partial class DeploymentTests
{
    [Theory]
    [InlineData("deploy/folio.service")]
    [InlineData("deploy/Dockerfile")]
    [InlineData("docs/deployment.md")]
    public async Task Each_option_of_serve_is_one_that_it_has(string file)
    {
        string text = File.ReadAllText(Path.Combine(TestData.Repository, file)).Replace("\\\n", " ");
        string[] named = [.. ServeLine().Matches(text).Concat(Quoted().Matches(text)).SelectMany(line => OptionName().Matches(line.Value)).Select(match => match.Value).Distinct()];
        Assert.NotEmpty(named);
        string help = (await Command.FolioAsync(["serve", "--help"])).Output;
        string[] known = [.. OptionName().Matches(help).Select(match => match.Value)];
        Assert.Empty(named.Except(known));
    }

    [Fact]
    public void The_unit_gives_a_server_more_time_to_stop_than_the_server_takes()
    {
        string unit = File.ReadAllText(Path.Combine(TestData.Repository, "deploy", "folio.service"));
        int patience = int.Parse(StopTime().Match(unit).Groups["seconds"].Value);
        Assert.True(patience >= 2 * new Server.ServerOptions().ShutdownGrace.TotalSeconds, $"{patience} s");
    }

    /// <summary>What follows the command's name: folio serve …, or "serve", … in a Dockerfile.</summary>
    [GeneratedRegex("""(folio serve|"folio", "serve")[^`\n]*""")]
    private static partial Regex ServeLine();

    /// <summary>An option by itself.</summary>
    [GeneratedRegex("`--[a-z][^`]*`")]
    private static partial Regex Quoted();

    [GeneratedRegex("--[a-z][a-z-]+[a-z]")]
    private static partial Regex OptionName();

    [GeneratedRegex("^TimeoutStopSec=(?<seconds>[0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex StopTime();
}
