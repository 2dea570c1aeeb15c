namespace Folio.Formats.Hub;

/// <summary>A file at one commit, as the hub describes it before it is fetched.</summary>
/// <param name="Repository">owner/name.</param>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Name">Its path in the repository.</param>
/// <param name="ETag">The SHA-256 of its bytes (64 hexadecimal digits), or the SHA-1 of its Git blob (40): the blob's name in the cache, and what its bytes are held against.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Location">Where the bytes are: the hub, or a signed address elsewhere that works for a while.</param>
internal sealed record RemoteFile(string Repository, string Commit, string Name, string ETag, long Size, Uri Location)
{
    /// <summary>Lower-case hexadecimal digits, as both kinds of hash are written: nothing else may become a file's name.</summary>
    public static bool IsHash(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);
}
