using System.Diagnostics;

namespace Folio.Tests;

/// <summary>The samples do what their readers expect of them.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task The_chat_client_tells_a_story_calls_a_function_and_answers_with_an_object()
    {
        Command.Result result = await Command.RunAsync(Command.Program("ChatClient"), []);
        Assert.True(result.ExitCode == 0, result.Errors);
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines[0].Split(' ').Length > 10, result.Output);
        Assert.Contains(lines, line => line is "weigh: 4 kg" or "weigh: 40 kg");
        Assert.Contains(lines, line => line.StartsWith("Verdict { IsAnimal = "));
    }

    [Fact]
    public async Task The_asp_net_application_tells_stories_on_its_own_routes_and_on_folios()
    {
        using Process process = Command.Start("dotnet", ["run", "-c", "Release", "--no-build", "--project", "samples/AspNet", "--", "--urls", "http://127.0.0.1:0"]); // as docs/in-process.md says
        try
        {
            using var http = new HttpClient { BaseAddress = await AddressAsync(process) };
            Assert.NotEmpty(await http.GetStringAsync("/story/dog"));
            using HttpResponseMessage refused = await http.GetAsync($"/story/{new string('x', 3000)}"); // a prompt longer than the demo model's context
            string problem = await refused.Content.ReadAsStringAsync();
            Assert.Equal((400, "application/problem+json"), ((int)refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
            Assert.Contains("maximum context length", problem);
            Assert.Contains("\"stories\"", await http.GetStringAsync("/llm/v1/models"));
            using HttpResponseMessage answer = await http.PostAsync("/llm/v1/chat/completions", new StringContent("""{"messages":[{"role":"user","content":"Hi"}],"max_tokens":4}""", null, "application/json"));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task The_asp_net_application_tells_in_a_sentence_why_its_model_is_not_loaded()
    {
        Command.Result result = await Command.RunAsync("dotnet", ["run", "-c", "Release", "--no-build", "--project", "samples/AspNet", "--", "--urls", "http://127.0.0.1:0", "--Folio:MaxModelLen", "100000"]);
        Assert.Equal((1, "--max-model-len (MaxModelLen) is 100000; this model's context is 512 tokens."), (result.ExitCode, result.Errors.Trim()));
        Assert.Contains("Folio.Server[42]", result.Output);
    }

    [Theory]
    [InlineData("MaxModelLength", "1", "Folio:MaxModelLength is no option of Folio's; ")]
    [InlineData("MaxModelLen", "many", "Folio:MaxModelLen is 'many'; a whole number was expected.")]
    [InlineData("Dtype", "half", "Folio:Dtype is no option of the device cpu.")]
    public async Task The_asp_net_application_tells_in_a_sentence_what_is_wrong_in_its_configuration(string key, string value, string expected)
    {
        Command.Result result = await Command.RunAsync("dotnet", ["run", "-c", "Release", "--no-build", "--project", "samples/AspNet", "--", "--urls", "http://127.0.0.1:0", $"--Folio:{key}", value]);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith(expected, result.Errors);
        Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<Uri> AddressAsync(Process process)
    {
        const string mark = "Now listening on: ";
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(mark)) return new(line[(line.IndexOf(mark) + mark.Length)..].Trim());
        }

        throw new InvalidOperationException($"the application ended: {await process.StandardError.ReadToEndAsync()}");
    }
}
