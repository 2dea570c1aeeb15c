namespace Folio.Formats.Hub;

/// <summary>One commit of a model in the cache.</summary>
/// <param name="Repository">owner/name.</param>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Revisions">Branches and tags that were this commit when they were last pulled.</param>
/// <param name="Folder">Where its files are.</param>
/// <param name="Files">Their names, with slashes.</param>
/// <param name="Bytes">Of all of them.</param>
public sealed record CachedModel(string Repository, string Commit, IReadOnlyList<string> Revisions, string Folder, IReadOnlyList<string> Files, long Bytes)
{
    /// <summary>Those that are models of their own.</summary>
    public IReadOnlyList<string> GgufFiles => [.. Files.Where(FileChoice.IsModel)];

    /// <summary>Whether the folder is a model.</summary>
    public bool HasSafetensors => FileChoice.HasSafetensors(Files);

    public long BytesOf(string file) => RepositoryCache.LengthOf(Path.Combine(Folder, file)) ?? 0;

    /// <summary>All that the cache holds, by name.</summary>
    public static IReadOnlyList<CachedModel> All(HubSettings settings)
    {
        if (!Directory.Exists(settings.CacheDirectory)) return [];
        return [.. Directory.EnumerateDirectories(settings.CacheDirectory, $"{RepositoryCache.FolderPrefix}*").Select(RepositoryOf).OfType<string>().Order(StringComparer.OrdinalIgnoreCase).SelectMany(repository => Of(settings, repository))];
    }

    /// <summary>The model that an id means, if the cache has all of it.</summary>
    internal static PulledModel? Find(RepositoryCache cache, HubModelId id)
    {
        if (cache.CommitOf(id.RevisionOrMain) is not { } commit) return null;
        try
        {
            FileChoice choice = FileChoice.Of(id, cache.Names(commit));
            if (choice.IsFile) return new(cache.Pointer(commit, choice.Weights!), commit);
            bool isWhole = choice.Weights is not null || SafetensorsIndex.Open(cache.Pointer(commit, FileChoice.Index)).Shards.All(shard => cache.Has(commit, shard, size: null));
            return isWhole ? new(cache.Snapshot(commit), commit) : null;
        }
        catch (FolioException)
        {
            return null; // what is there isn't what is meant, or is broken
        }
    }

    private static IEnumerable<CachedModel> Of(HubSettings settings, string repository)
    {
        var cache = new RepositoryCache(settings, repository);
        string snapshots = Path.Combine(cache.Folder, "snapshots");
        if (!Directory.Exists(snapshots)) yield break;
        ILookup<string, string> revisions = cache.Refs().ToLookup(entry => entry.Commit, entry => entry.Revision);
        foreach (string commit in Directory.EnumerateDirectories(snapshots).Select(folder => Path.GetFileName(folder)).Where(HubModelId.IsCommit).Order(StringComparer.Ordinal))
        {
            IReadOnlyList<string> files = cache.Names(commit);
            if (files.Count > 0) yield return new(repository, commit, [.. revisions[commit]], cache.Snapshot(commit), files, files.Sum(file => RepositoryCache.LengthOf(cache.Pointer(commit, file)) ?? 0));
        }
    }

    /// <returns>Null: some other folder.</returns>
    private static string? RepositoryOf(string folder)
    {
        string[] parts = Path.GetFileName(folder)[RepositoryCache.FolderPrefix.Length..].Split("--");
        return parts.Length == 2 && HubModelId.TryParse($"{parts[0]}/{parts[1]}") is { File: null } id ? id.Repository : null;
    }
}
