namespace Folio.Compare;

/// <summary>What was measured, as it names itself.</summary>
/// <param name="Folio">The command's version, and the commit that this program's repository has checked out: its steps are timed in this program.</param>
/// <param name="Llama">llama.cpp's version, build and commit.</param>
internal sealed record Versions(string Folio, string Llama)
{
    private const string Unknown = "unknown version";

    public static async Task<Versions> AskAsync(FolioEngine folio, LlamaCpp llama)
    {
        string commit = (await TrySayAsync("git", ["-C", AppContext.BaseDirectory, "describe", "--always", "--dirty"])).FirstOrDefault("unknown commit");
        string version = (await TrySayAsync(folio.Command, ["--version"])).FirstOrDefault(Unknown);
        string[] build = llama.SaysVersion is { } program ? await TrySayAsync(program, ["--version"]) : [];
        return new($"{version} ({commit})", build.FirstOrDefault(line => line.StartsWith("version:", StringComparison.Ordinal), Unknown).Replace("version: ", "", StringComparison.Ordinal));
    }

    private static async Task<string[]> TrySayAsync(string program, string[] arguments)
    {
        try
        {
            return (await ChildProcess.RunAsync(program, arguments, withErrors: true)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        catch (FolioException)
        {
            return []; // no figure depends on it
        }
    }
}
