using System.Text;
using System.Text.RegularExpressions;

namespace Folio.Tests;

/// <summary>What the README shows is what works. Its build, test and publish commands are run by .ci/run.</summary>
public partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(TestData.Repository, "README.md"));

    public static TheoryData<string> FolioCommands => [.. FolioCommand().Matches(Readme).Select(match => match.Groups["arguments"].Value)];

    [Theory, MemberData(nameof(FolioCommands))]
    public async Task Each_command_of_the_readme_works(string line)
    {
        string[] arguments = [.. Argument().Matches(line).Select(match => match.Value.Trim('"'))];
        if (arguments[0] == "serve")
        {
            await using ServingFolio folio = await ServingFolio.StartAsync([.. arguments[1..].TakeWhile(argument => argument != "--port")]);
            Assert.Equal("ok", await AskAsync(folio));
            return;
        }

        await using ServingFolio? measured = arguments is ["bench", "serve", ..] ? await ServingFolio.StartAsync() : null;
        Command.Result result = await Command.FolioAsync(measured is null ? arguments : [.. arguments, "--base-url", measured.Url.ToString()]);
        Assert.True(result.ExitCode == 0, result.Errors);
    }

    [Fact]
    public async Task Each_request_that_the_servers_document_shows_is_answered()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync([]);
        MatchCollection requests = CurlPost().Matches(File.ReadAllText(Path.Combine(TestData.Repository, "docs", "server.md")));
        Assert.True(requests.Count >= 5, $"{requests.Count} requests");
        foreach (Match request in requests)
        {
            using HttpResponseMessage answer = await folio.Client.PostAsync(request.Groups["path"].Value, new StringContent(request.Groups["body"].Value, Encoding.UTF8, "application/json"));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task The_options_of_serve_are_listed_and_no_others()
    {
        string help = (await Command.FolioAsync(["serve", "--help"])).Output;
        string[] inHelp = [.. OptionName().Matches(help).Select(match => match.Value).Where(name => name is not ("--help" or "--kv-cache-memory-bytes")).Distinct().Order()];
        string[] inTable = [.. Readme.Split('\n').SkipWhile(line => !line.StartsWith("| what for")).TakeWhile(line => line.StartsWith('|')).SelectMany(line => OptionName().Matches(line)).Select(match => match.Value).Order()];
        Assert.Equal(inHelp, inTable);
    }

    [Fact]
    public void The_library_example_is_the_sample_that_compiles() =>
        Assert.Equal(Code("csharp").Trim(), File.ReadAllText(Path.Combine(TestData.Repository, "samples", "Library", "Program.cs")).Trim());

    [Fact]
    public async Task The_library_example_tells_a_story()
    {
        Command.Result result = await Command.RunAsync(Command.Program("Library"), []);
        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.True(result.Output.Split(' ').Length > 10, result.Output);
    }

    /// <summary>Sends the README's curl body as it stands, and reads the stream.</summary>
    private static async Task<string> AskAsync(ServingFolio folio)
    {
        string body = CurlBody().Match(Readme).Groups["body"].Value;
        using HttpResponseMessage answer = await folio.Client.PostAsync("/v1/chat/completions", new StringContent(body, Encoding.UTF8, "application/json"));
        string stream = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode && stream.TrimEnd().EndsWith("data: [DONE]") ? "ok" : stream;
    }

    private static string Code(string language) => Regex.Match(Readme, $"```{language}\n(?<code>.*?)```", RegexOptions.Singleline).Groups["code"].Value;

    [GeneratedRegex(@"^(dotnet run -c Release --project src/Folio --|out/folio) (?<arguments>.+)$", RegexOptions.Multiline)]
    private static partial Regex FolioCommand();

    [GeneratedRegex("--[a-z][a-z-]+[a-z]")]
    private static partial Regex OptionName();

    [GeneratedRegex("\"[^\"]*\"|[^ ]+")]
    private static partial Regex Argument();

    [GeneratedRegex(@"curl http://127\.0\.0\.1:8000(?<path>\S+) -H 'Content-Type: application/json' \\\n  -d '(?<body>[^']+)'")]
    private static partial Regex CurlPost();

    [GeneratedRegex(@"-d '(?<body>[^']+)'")]
    private static partial Regex CurlBody();
}
