using System.IO.Enumeration;

namespace Folio.Formats.Hub;

/// <summary>A model on this machine.</summary>
/// <param name="Path">A folder with config.json and safetensors, or a GGUF file.</param>
/// <param name="Commit">The revision's commit, 40 hexadecimal digits.</param>
public sealed record PulledModel(string Path, string Commit);

/// <summary>Brings models of the Hugging Face hub into the cache that all its tools share.</summary>
public sealed class ModelHub(HubSettings settings, IProgress<PullProgress>? progress = null) : IDisposable
{
    private readonly HubClient _client = new(settings);

    public void Dispose() => _client.Dispose();

    /// <summary>Has a model on this machine when it returns: fetched, or found.</summary>
    /// <exception cref="HubException">It isn't to be had; the message says what would help.</exception>
    public Task<PulledModel> PullAsync(HubModelId id, CancellationToken cancellation = default) => GuardAsync(async () =>
    {
        var cache = new RepositoryCache(settings, id.Repository);
        return await BringAsync(id, cache, () => CachedModel.Find(cache, id), async listing =>
        {
            FileChoice choice = FileChoice.Of(id, [.. listing.Files.Keys]);
            var pull = new RepositoryPull(_client, cache, settings, listing, id.Repository, new PullTally(progress));
            await pull.FetchAsync(choice.Companions, cancellation);
            await pull.FetchAsync(choice.Weights is { } weights ? [weights] : SafetensorsIndex.Open(cache.Pointer(listing.Commit, FileChoice.Index)).Shards, cancellation);
            return choice.IsFile ? cache.Pointer(listing.Commit, choice.Weights!) : cache.Snapshot(listing.Commit);
        }, cancellation);
    });

    /// <summary>The same for files of a repository by their names.</summary>
    /// <param name="patterns">Names, in which * stands for any characters and ? for one.</param>
    /// <returns>The folder of the commit.</returns>
    public Task<PulledModel> PullFilesAsync(HubModelId id, IReadOnlyList<string> patterns, CancellationToken cancellation = default) => GuardAsync(async () =>
    {
        var cache = new RepositoryCache(settings, id.Repository);
        return await BringAsync(id, cache, CachedFiles, async listing =>
        {
            string[] names = [.. listing.Files.Keys.Where(IsWanted).Order(StringComparer.Ordinal)];
            if (names.Length == 0) throw new HubException($"{id.Repository} has no file whose name is like {string.Join(" or ", patterns)}.");
            await new RepositoryPull(_client, cache, settings, listing, id.Repository, new PullTally(progress)).FetchAsync(names, cancellation);
            return cache.Snapshot(listing.Commit);
        }, cancellation);

        bool IsWanted(string name) => patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

        PulledModel? CachedFiles() => cache.CommitOf(id.RevisionOrMain) is { } commit && cache.Names(commit).Any(IsWanted) ? new(cache.Snapshot(commit), commit) : null;
    });

    private async Task<PulledModel> BringAsync(HubModelId id, RepositoryCache cache, Func<PulledModel?> find, Func<RepositoryListing, Task<string>> fetch, CancellationToken cancellation)
    {
        PulledModel? found = find();
        if (settings.IsOffline) return found ?? throw new HubException($"HF_HUB_OFFLINE is set, and {settings.CacheDirectory} has no whole copy of {id} at revision {id.RevisionOrMain}.") { IsUnreachable = true };

        RepositoryListing listing;
        try
        {
            listing = await _client.ListAsync(id.Repository, id.RevisionOrMain, found is null ? settings.Attempts : 1, cancellation);
        }
        catch (HubException e) when (e.IsUnreachable && found is not null)
        {
            settings.Warning($"{e.Message} The copy in the cache is used, commit {found.Commit[..7]}.");
            return found;
        }

        if (listing.Unsafe.Count > 0) settings.Warning($"{id.Repository} lists names that lead out of the cache, such as '{HubText.Clean(listing.Unsafe[0])}': they are left out.");
        string path = await fetch(listing);
        Note(cache, id.RevisionOrMain, listing.Commit); // last: whatever happens before, the revision still means a whole model
        return new(path, listing.Commit);
    }

    /// <summary>Files may be there in a cache that others keep and this user can't write to.</summary>
    private void Note(RepositoryCache cache, string revision, string commit)
    {
        try
        {
            cache.SetCommit(revision, commit);
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            settings.Warning($"the cache can't note that {revision} is {commit} now: {e.Message}");
        }
    }

    /// <summary>A cache that can't be written or read is told as what it is.</summary>
    private async Task<PulledModel> GuardAsync(Func<Task<PulledModel>> pull)
    {
        try
        {
            return await pull();
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            throw new HubException($"the cache {settings.CacheDirectory} can't be used: {e.Message}", e);
        }
    }
}
