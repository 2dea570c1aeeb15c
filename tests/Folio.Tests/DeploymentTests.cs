using System.Text.RegularExpressions;

namespace Folio.Tests;

/// <summary>What deploy/ and its document tell a machine to run is what the command takes.</summary>
public partial class DeploymentTests
{
    /// <summary>Seconds that a server takes to stop: for requests in flight, and for what comes after them, the last words of those cut off and packed weights.</summary>
    private static readonly double s_grace = new Server.ServerOptions().ShutdownGrace.TotalSeconds, s_rest = (Server.FolioServer.LastWords + LoadedModel.Patience).TotalSeconds;

    [Theory]
    [InlineData("deploy/folio.service")]
    [InlineData("deploy/Dockerfile")]
    [InlineData("docs/deployment.md")]
    [InlineData("docs/gpu.md")]
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
        Match stop = StopTime().Match(unit);
        Assert.True(stop.Success, "deploy/folio.service has no TimeoutStopSec of whole seconds or minutes, such as 90, 90s or 2min");
        double patience = int.Parse(stop.Groups["count"].Value) * (stop.Groups["unit"].Value == "min" ? 60.0 : 1);
        Assert.True(patience > s_grace + s_rest, $"the unit waits for {patience} s, the server takes {s_grace} + {s_rest}");
    }

    [Fact]
    public void The_document_says_how_long_a_server_takes_to_stop_and_gives_a_container_more()
    {
        string document = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "deployment.md"));
        Assert.Contains($"it needs {s_grace} seconds for requests in flight, and up to {s_rest} more.", document);
        Assert.Contains($"those in flight have {s_grace} seconds", document);
        int[] patience = [.. ContainerStopTime().Matches(document).Select(match => int.Parse(match.Groups["seconds"].Value))];
        Assert.Equal(2, patience.Length);
        Assert.All(patience, seconds => Assert.True(seconds > s_grace + s_rest, $"a container is given {seconds} s, the server takes {s_grace} + {s_rest}"));
    }

    /// <summary>What follows the command's name: folio serve …, or "serve", … in a Dockerfile.</summary>
    [GeneratedRegex("""(folio serve|"folio", "serve")[^`\n]*""")]
    private static partial Regex ServeLine();

    /// <summary>An option by itself.</summary>
    [GeneratedRegex("`--[a-z][^`]*`")]
    private static partial Regex Quoted();

    [GeneratedRegex("--[a-z][a-z-]+[a-z]")]
    private static partial Regex OptionName();

    [GeneratedRegex("^TimeoutStopSec=(?<count>[0-9]+) ?(?<unit>s|sec|min)?$", RegexOptions.Multiline)]
    private static partial Regex StopTime();

    [GeneratedRegex("(docker stop -t |terminationGracePeriodSeconds: )(?<seconds>[0-9]+)")]
    private static partial Regex ContainerStopTime();
}
