namespace Folio.Formats.Hub;

/// <summary>Fetches files of one commit, each once, however many processes want it.</summary>
internal sealed class RepositoryPull(HubClient client, RepositoryCache cache, HubSettings settings, RepositoryListing listing, string repository, PullTally tally)
{
    /// <summary>Questions to the hub that are under way at a time.</summary>
    private const int MostQuestions = 4;

    /// <summary>Has the files in the commit's folder when it returns.</summary>
    public async Task FetchAsync(IEnumerable<string> names, CancellationToken cancellation)
    {
        RepositoryFile[] wanted = [.. names.Select(Listed)];
        RepositoryFile[] missing = [.. wanted.Where(file => !cache.Has(listing.Commit, file.Name, file.Size))];
        if (missing.Length == 0) return;

        RemoteFile[] files = await DescribeAsync(missing, cancellation);
        cache.MarkAsCache();
        CheckSpace(files);
        tally.Expect(files.Sum(file => file.Size));
        foreach (RemoteFile file in files) await FetchAsync(file, cancellation);
    }

    private async Task<RemoteFile[]> DescribeAsync(RepositoryFile[] listed, CancellationToken cancellation)
    {
        var files = new RemoteFile[listed.Length];
        var few = new ParallelOptions { MaxDegreeOfParallelism = MostQuestions, CancellationToken = cancellation };
        await Parallel.ForAsync(0, listed.Length, few, async (i, stop) => files[i] = Agreed(listed[i], await client.DescribeAsync(repository, listing.Commit, listed[i].Name, stop)));
        return files;
    }

    private async Task FetchAsync(RemoteFile file, CancellationToken cancellation)
    {
        tally.File = file.Name;
        string blob = cache.Blob(file.ETag);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        using FileStream alone = await LoneFile.OpenAsync(cache.Lock(file.ETag), () => settings.Warning($"another process fetches {file.Name}; Folio waits for it."), cancellation);
        if (cache.Has(file.Commit, file.Name, file.Size))
        {
            tally.Add(file.Size);
            return;
        }

        bool isThere = File.Exists(blob) && new FileInfo(blob).Length == file.Size;
        if (isThere) tally.Add(file.Size);
        else await new BlobDownload(client, file, blob, settings, tally).RunAsync(cancellation);
        cache.Link(file, isNew: !isThere);
    }

    private RepositoryFile Listed(string name) => listing.Files.TryGetValue(name, out RepositoryFile? file) ? file : throw new HubException($"{repository} has no file '{name}', which its index names.");

    /// <summary>Refuses a file whose size the listing and the file's own headers tell differently.</summary>
    private RemoteFile Agreed(RepositoryFile listed, RemoteFile file) =>
        listed.Size is not { } size || size == file.Size ? file : throw new HubException($"{repository}: {file.Name} is listed with {size} bytes and offered with {file.Size}.");

    /// <summary>Refuses at once what the disk has no room for.</summary>
    private void CheckSpace(RemoteFile[] files)
    {
        long needed = files.DistinctBy(file => file.ETag).Sum(file => file.Size - Kept(file));
        if (settings.FreeSpace(settings.CacheDirectory) is { } free && free < needed)
            throw new HubException($"{repository} takes {SizeText.Of(needed)} more, and {SizeText.Of(free)} are free in {settings.CacheDirectory}; HF_HOME moves the cache to another disk.");
    }

    private long Kept(RemoteFile file)
    {
        string blob = cache.Blob(file.ETag);
        foreach (string path in (string[])[blob, $"{blob}.incomplete"])
        {
            if (File.Exists(path)) return Math.Min(file.Size, new FileInfo(path).Length);
        }

        return 0;
    }
}
