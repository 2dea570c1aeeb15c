using System.Text;

namespace Folio.Formats.Hub;

/// <summary>One repository's folder in the hub cache: blobs by their hashes, a folder of links to them for each commit, and what branches and tags point to.</summary>
/// <remarks>
/// The layout of huggingface_hub, so that both tools find what either has fetched: models--owner--name/{blobs/HASH, snapshots/COMMIT/NAME → ../../blobs/HASH, refs/REVISION},
/// and .locks/models--owner--name/HASH.lock beside it.
/// </remarks>
internal sealed class RepositoryCache(HubSettings settings, string repository)
{
    public const string FolderPrefix = "models--";

    private const int MostRefBytes = 256;

    private readonly string _name = FolderPrefix + repository.Replace("/", "--", StringComparison.Ordinal);

    public string Folder => Path.Combine(settings.CacheDirectory, _name);

    public string Blob(string etag) => Path.Combine(Folder, "blobs", etag);

    public string Lock(string etag) => Path.Combine(settings.CacheDirectory, ".locks", _name, $"{etag}.lock");

    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <param name="name">A safe one.</param>
    public string Pointer(string commit, string name) => Path.Combine(Snapshot(commit), Path.Combine(name.Split('/')));

    /// <summary>The commit that a revision was when it was last pulled; null: it wasn't.</summary>
    public string? CommitOf(string revision)
    {
        if (HubModelId.IsCommit(revision)) return Directory.Exists(Snapshot(revision)) ? revision : null;
        string path = Ref(revision);
        return File.Exists(path) && new FileInfo(path).Length <= MostRefBytes && File.ReadAllText(path).Trim() is { } commit && HubModelId.IsCommit(commit) ? commit : null;
    }

    /// <summary>Notes what a revision is now, in one stroke.</summary>
    public void SetCommit(string revision, string commit)
    {
        if (revision == commit || CommitOf(revision) == commit) return;
        string path = Ref(revision);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string written = $"{path}.{Guid.NewGuid():N}.tmp";
        File.WriteAllText(written, commit);
        File.Move(written, path, overwrite: true);
    }

    /// <summary>Names of the files that a commit's folder has, with slashes; links that lead nowhere don't count.</summary>
    public IReadOnlyList<string> Names(string commit)
    {
        string folder = Snapshot(commit);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => LengthOf(path) is not null).Select(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether a commit's folder has a file, with all its bytes.</summary>
    /// <param name="size">Null: however many they are.</param>
    public bool Has(string commit, string name, long? size) => LengthOf(Pointer(commit, name)) is { } length && (size is null || length == size);

    /// <summary>Bytes of a file, or of that which a link leads to; null: there is none. (File.Exists is true for links that lead nowhere.)</summary>
    public static long? LengthOf(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target;
        return file.Exists ? file.Length : null;
    }

    /// <summary>Gives a blob its name in a commit's folder. Where links aren't to be had, a new blob moves there, and an old one is copied.</summary>
    public void Link(RemoteFile file, bool isNew)
    {
        string blob = Blob(file.ETag), pointer = Pointer(file.Commit, file.Name), made = $"{pointer}.{Guid.NewGuid():N}.tmp";
        string folder = Path.GetDirectoryName(pointer)!;
        Directory.CreateDirectory(folder);
        if (settings.UseLinks && TryLink(made, Path.GetRelativePath(folder, blob)))
        {
            File.Move(made, pointer, overwrite: true);
            return;
        }

        if (!isNew)
        {
            File.Copy(blob, made);
            blob = made;
        }

        File.Move(blob, pointer, overwrite: true);
    }

    /// <summary>Marks the cache for backup programs as what can be fetched again (https://bford.info/cachedir).</summary>
    public void MarkAsCache()
    {
        Directory.CreateDirectory(settings.CacheDirectory);
        string tag = Path.Combine(settings.CacheDirectory, "CACHEDIR.TAG");
        if (!File.Exists(tag)) File.WriteAllText(tag, "Signature: 8a477f597d28d172789f06886806bc55\n# Models of the Hugging Face hub, kept by folio and huggingface_hub.\n", Encoding.ASCII);
    }

    /// <summary>What branches and tags were these commits when they were last pulled.</summary>
    public IEnumerable<(string Revision, string Commit)> Refs()
    {
        string folder = Path.Combine(Folder, "refs");
        if (!Directory.Exists(folder)) yield break;
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string revision = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (HubModelId.IsRevision(revision) && CommitOf(revision) is { } commit) yield return (revision, commit);
        }
    }

    private string Ref(string revision) => Path.Combine(Folder, "refs", Path.Combine(revision.Split('/')));

    private static bool TryLink(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            return false; // Windows without the right to, file systems without links
        }
    }
}
