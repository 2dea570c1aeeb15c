using System.Text.RegularExpressions;

namespace Folio.Formats.Hub;

/// <summary>A model on the hub: owner/name, with :file and @revision behind it, in either order.</summary>
/// <param name="Repository">owner/name.</param>
/// <param name="File">A GGUF file's name, or its quantisation; null: whatever the repository is there for.</param>
/// <param name="Revision">A branch, tag or commit; null: main.</param>
public sealed partial record HubModelId(string Repository, string? File = null, string? Revision = null)
{
    /// <summary>The hub's limits.</summary>
    private const int MostRepositoryCharacters = 96, MostRevisionCharacters = 255;

    /// <summary>What a path to a missing file ends with, and a repository's name doesn't.</summary>
    private static readonly string[] FileEndings = [".gguf", ".safetensors", ".json", ".git"];

    internal string RevisionOrMain => Revision ?? "main";

    /// <returns>Null: the text is no such id; it may be a path.</returns>
    public static HubModelId? TryParse(string text)
    {
        Match match = Form().Match(text);
        if (!match.Success || match.Groups["revision"].Captures.Count > 1) return null;
        string repository = match.Groups["repository"].Value;
        string? file = match.Groups["file"] is { Success: true } named ? named.Value : null;
        string? revision = match.Groups["revision"] is { Success: true } at ? at.Value : null;
        return IsRepository(repository) && (file is null || RepositoryFile.IsSafe(file)) && (revision is null || IsRevision(revision)) ? new(repository, file, revision) : null;
    }

    /// <summary>Whether a text can name a revision. It becomes a path in the cache, so it mustn't lead out of it.</summary>
    public static bool IsRevision(string text) => text.Length <= MostRevisionCharacters && !text.Contains(' ') && RepositoryFile.IsSafe(text);

    /// <summary>As it is typed, without the revision: what clients call the model.</summary>
    public override string ToString() => File is null ? Repository : $"{Repository}:{File}";

    internal static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    private static bool IsRepository(string text) =>
        text.Length <= MostRepositoryCharacters
        && !text.Contains("--", StringComparison.Ordinal) && !text.Contains("..", StringComparison.Ordinal)
        && !FileEndings.Any(ending => text.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("^(?<repository>[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?/[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)(?:@(?<revision>[^:@]+))?(?::(?<file>[^@:]+))?(?:@(?<revision>[^:@]+))?\\z")]
    private static partial Regex Form();
}
