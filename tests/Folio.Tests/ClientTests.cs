namespace Folio.Tests;

/// <summary>Clients that others wrote, from npm, against the running command.</summary>
public class ClientTests
{
    [Theory]
    [InlineData("openai.mjs")]
    [InlineData("ai-sdk.mjs")]
    public async Task Npm_clients_chat_and_complete_streaming_and_not(string script)
    {
        string folder = await InstalledClientsAsync();
        await using ServingFolio folio = await ServingFolio.StartAsync();
        Command.Result result = await Command.RunAsync("node", [script, $"{folio.Url}v1", "folio-demo"], folder: folder);
        Assert.True(result.ExitCode == 0, result.Errors);
    }

    /// <summary>A copy of tests/clients with its packages; skips where npm or its registry is absent.</summary>
    private static async Task<string> InstalledClientsAsync()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "clients");
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Path.Combine(TestData.Repository, "tests", "clients"))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        try
        {
            Command.Result install = await Command.RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder: folder);
            if (install.ExitCode != 0) Assert.Skip($"npm could not install the clients: {install.Errors.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("npm is not here");
        }

        return folder;
    }
}
