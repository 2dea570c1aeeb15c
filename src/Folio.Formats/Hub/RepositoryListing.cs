using System.Text.Json;

namespace Folio.Formats.Hub;

/// <summary>What a repository holds at one commit: the hub's answer to /api/models/{id}/revision/{revision}.</summary>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Files">By name; those whose names would lead out of a folder are left out.</param>
/// <param name="Unsafe">The names of those.</param>
internal sealed record RepositoryListing(string Commit, IReadOnlyDictionary<string, RepositoryFile> Files, IReadOnlyList<string> Unsafe)
{
    /// <param name="host">Who sent it, for messages.</param>
    public static RepositoryListing Parse(ReadOnlyMemory<byte> json, string repository, string host)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            string commit = root.GetProperty("sha").GetString() ?? "";
            if (!HubModelId.IsCommit(commit)) throw Problem("'sha' is no commit");
            var files = new Dictionary<string, RepositoryFile>(StringComparer.Ordinal);
            var refused = new List<string>();
            foreach (JsonElement entry in root.GetProperty("siblings").EnumerateArray())
            {
                string name = entry.GetProperty("rfilename").GetString() ?? "";
                if (RepositoryFile.IsSafe(name)) files[name] = new(name, SizeOf(entry));
                else refused.Add(name);
            }

            return new(commit, files, refused);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Problem("it isn't the JSON that a hub sends", e);
        }

        HubException Problem(string what, Exception? inner = null)
        {
            string message = $"{repository}: the listing of {host} can't be used: {what}.";
            return inner is null ? new(message) : new(message, inner);
        }
    }

    private static long? SizeOf(JsonElement entry) =>
        entry.TryGetProperty("size", out JsonElement size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out long bytes) && bytes >= 0 ? bytes : null;
}
