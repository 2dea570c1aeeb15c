using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Folio.Testing.Hub;

/// <param name="IsLarge">It lies in the store (LFS), as files of more than some megabytes do, not in Git.</param>
public sealed record FakeFile(string Name, byte[] Bytes, bool IsLarge = false)
{
    /// <summary>As the hub computes it: SHA-256 for the store, Git's blob id else.</summary>
    public string Hash => Convert.ToHexStringLower(IsLarge ? SHA256.HashData(Bytes) : CryptographicOperations.HashData(HashAlgorithmName.SHA1, (byte[])[.. Encoding.ASCII.GetBytes($"blob {Bytes.Length}\0"), .. Bytes]));
}

/// <summary>A Hugging Face hub on this machine: its listing, its /resolve with the headers of the real one, and a store at another address that large files are kept in.</summary>
/// <remarks>What it answers follows what huggingface_hub's file_download.py and tests expect of the hub.</remarks>
public sealed partial class FakeHub : IAsyncDisposable
{
    private readonly Dictionary<string, FakeFile[]> _repositories = [];
    private readonly FakeServer _hub, _store;

    public FakeHub()
    {
        _hub = new(request => OnHub(request) ?? AnswerHub(request));
        _store = new(request => OnStore(request) ?? AnswerStore(request));
    }

    public Uri Url => _hub.Url;

    /// <summary>Where large files are.</summary>
    public Uri StoreUrl => _store.Url;

    /// <summary>Answers that come before the ordinary ones; null: the ordinary one.</summary>
    public Func<FakeRequest, FakeAnswer?> OnHub { get; set; } = _ => null;

    public Func<FakeRequest, FakeAnswer?> OnStore { get; set; } = _ => null;

    public IReadOnlyList<FakeRequest> HubRequests => [.. _hub.Requests];

    public IReadOnlyList<FakeRequest> StoreRequests => [.. _store.Requests];

    /// <summary>Requests for the bytes of files.</summary>
    public IEnumerable<FakeRequest> Downloads => HubRequests.Where(request => request.Method == "GET" && request.Path.Contains("/resolve/")).Concat(StoreRequests);

    public void Forget()
    {
        _hub.Requests.Clear();
        _store.Requests.Clear();
    }

    /// <returns>The commit.</returns>
    public string Publish(string repository, params FakeFile[] files)
    {
        _repositories[repository] = files;
        return CommitOf(repository);
    }

    /// <summary>Changes with the files.</summary>
    public string CommitOf(string repository) => Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(string.Join('\n', _repositories[repository].Select(file => $"{file.Name} {file.Hash}")))));

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>The store's answer to a request, for tests that change something about it.</summary>
    public FakeAnswer AnswerStore(FakeRequest request)
    {
        string hash = request.Path.Split('?')[0].TrimStart('/');
        FakeFile file = _repositories.Values.SelectMany(files => files).First(file => file.Hash == hash);
        return Bytes(request, file.Bytes, $"\"store-{hash[..8]}\"");
    }

    public FakeAnswer AnswerHub(FakeRequest request)
    {
        Match listing = ListingPath().Match(request.Path), resolve = ResolvePath().Match(request.Path);
        return listing.Success ? Listing(listing.Groups["repository"].Value, Uri.UnescapeDataString(listing.Groups["revision"].Value))
            : resolve.Success ? Resolve(request, resolve.Groups["repository"].Value, Uri.UnescapeDataString(resolve.Groups["revision"].Value), Uri.UnescapeDataString(resolve.Groups["file"].Value))
            : FakeAnswer.Of(404);
    }

    private FakeAnswer Listing(string repository, string revision)
    {
        if (Refusal(repository, revision) is { } refusal) return refusal;
        var siblings = _repositories[repository].Select(file => new Dictionary<string, object> { ["rfilename"] = file.Name, ["size"] = file.Bytes.Length, ["blobId"] = file.Hash });
        return Json(new Dictionary<string, object> { ["id"] = repository, ["sha"] = CommitOf(repository), ["siblings"] = siblings });
    }

    public static FakeAnswer Json(object value) => new(200, JsonSerializer.SerializeToUtf8Bytes(value), ("Content-Type", "application/json"));

    private FakeAnswer Resolve(FakeRequest request, string repository, string revision, string name)
    {
        if (Refusal(repository, revision) is { } refusal) return refusal;
        if (_repositories[repository].FirstOrDefault(file => file.Name == name) is not { } file) return FakeAnswer.Of(404, ("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", CommitOf(repository)));
        if (!file.IsLarge)
        {
            FakeAnswer bytes = Bytes(request, file.Bytes, $"\"{file.Hash}\"");
            return bytes with { Headers = [.. bytes.Headers, ("X-Repo-Commit", CommitOf(repository))] };
        }

        return FakeAnswer.Of(
            302,
            ("Location", $"{StoreUrl.AbsoluteUri}{file.Hash}?signature=1"),
            ("X-Repo-Commit", CommitOf(repository)),
            ("X-Linked-Size", file.Bytes.Length.ToString(CultureInfo.InvariantCulture)),
            ("X-Linked-ETag", $"\"{file.Hash}\""),
            ("ETag", "\"0123456789abcdef0123456789abcdef01234567\""));
    }

    private FakeAnswer? Refusal(string repository, string revision) =>
        !_repositories.ContainsKey(repository) ? FakeAnswer.Of(401, ("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found"))
            : revision is not ("main" or "v1.0") && revision != CommitOf(repository) ? FakeAnswer.Of(404, ("X-Error-Code", "RevisionNotFound"), ("X-Error-Message", $"Invalid rev id: {revision}"))
            : null;

    /// <summary>A file or a range of it.</summary>
    private static FakeAnswer Bytes(FakeRequest request, byte[] bytes, string etag)
    {
        bool isSame = request["If-Range"] is not { } same || same == etag;
        if (!isSame || request["Range"] is not { } asked || RangeForm().Match(asked) is not { Success: true } range) return new(200, bytes, ("ETag", etag), ("Accept-Ranges", "bytes"));
        int from = int.Parse(range.Groups["from"].Value), to = range.Groups["to"] is { Length: > 0 } end ? int.Parse(end.Value) : bytes.Length - 1;
        if (from >= bytes.Length) return FakeAnswer.Of(416, ("Content-Range", $"bytes */{bytes.Length}"));
        return new(206, bytes[from..Math.Min(to + 1, bytes.Length)], ("ETag", etag), ("Content-Range", $"bytes {from}-{Math.Min(to, bytes.Length - 1)}/{bytes.Length}"));
    }

    [GeneratedRegex("^/api/models/(?<repository>[^/]+/[^/]+)/revision/(?<revision>[^?]+)")]
    private static partial Regex ListingPath();

    [GeneratedRegex("^/(?<repository>[^/]+/[^/]+)/resolve/(?<revision>[^/]+)/(?<file>[^?]+)")]
    private static partial Regex ResolvePath();

    [GeneratedRegex("^bytes=(?<from>[0-9]+)-(?<to>[0-9]*)$")]
    private static partial Regex RangeForm();
}
