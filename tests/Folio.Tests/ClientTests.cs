namespace Folio.Tests;

/// <summary>Clients that others wrote, from npm, against the running command.</summary>
public class ClientTests
{
    [Theory]
    [InlineData("openai.mjs")]
    [InlineData("openai-responses.mjs")]
    [InlineData("ai-sdk.mjs")]
    [InlineData("anthropic.mjs")]
    [InlineData("langchain.mjs")]
    public async Task Npm_clients_chat_call_tools_get_forms_and_leave(string script)
    {
        string folder = await InstalledClientsAsync();
        await using ServingFolio folio = await ServingFolio.StartAsync();
        Command.Result result = await Command.RunAsync("node", [script, $"{folio.Url}v1", "folio-demo"], folder: folder);
        Assert.True(result.ExitCode == 0, result.Errors);
    }

    private static Task<string> InstalledClientsAsync() => NpmFolder.InstalledAsync("clients");
}
