namespace Folio.Formats.Hub;

/// <summary>A file of a repository, as its listing announces it.</summary>
/// <param name="Name">Its path in the repository, with slashes.</param>
/// <param name="Size">Bytes; null where the listing doesn't say.</param>
internal sealed record RepositoryFile(string Name, long? Size)
{
    private const int MostNameCharacters = 1024, MostPartCharacters = 255;

    /// <summary>Whether a name stays inside the folder that it is appended to, on every system.</summary>
    public static bool IsSafe(string name) =>
        name.Length is > 0 and <= MostNameCharacters
        && !name.Any(character => character is '\\' || char.IsControl(character))
        && name.Split('/').All(part => part.Length is > 0 and <= MostPartCharacters && part.Trim('.', ' ').Length > 0 && !HasDrive(part));

    /// <summary>C:x is a place on a drive, and x:y on Windows a stream of a file.</summary>
    private static bool HasDrive(string part) => part.IndexOf(':') is var colon && (colon == 1 || (colon > 0 && OperatingSystem.IsWindows()));
}
