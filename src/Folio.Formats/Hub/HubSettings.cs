namespace Folio.Formats.Hub;

/// <summary>Where models come from and where they are kept: the environment variables of huggingface_hub, under its names.</summary>
/// <param name="CacheDirectory">The folder of the models--owner--name folders.</param>
public sealed record HubSettings(string CacheDirectory)
{
    private static readonly Uri s_huggingFace = new("https://huggingface.co");

    private readonly string? _token;

    /// <summary>HF_ENDPOINT.</summary>
    public Uri Endpoint { get; init; } = s_huggingFace;

    /// <summary>HF_TOKEN, or the file that `hf auth login` writes; sent to the endpoint alone.</summary>
    public string? Token
    {
        get => _token;
        init => _token = value is null || value.All(character => character is > ' ' and < '\x7f') ? value : throw new HubException("the hub's token (HF_TOKEN, or the token file) has characters that no token has.");
    }

    /// <summary>HF_HUB_OFFLINE: only what is in the cache is used.</summary>
    public bool IsOffline { get; init; }

    /// <summary>False: snapshots hold files instead of links (HF_HUB_DISABLE_SYMLINKS).</summary>
    public bool UseLinks { get; init; } = true;

    /// <summary>Is told what the caller should know but what stops nothing.</summary>
    public Action<string> Warning { get; init; } = _ => { };

    /// <summary>Tries of a request without any progress, the first among them.</summary>
    internal int Attempts { get; init; } = 6;

    /// <summary>The wait after a first failure; it doubles with each.</summary>
    internal TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that a hub is granted (Retry-After); its limits count requests in windows of five minutes.</summary>
    internal TimeSpan MostDelay { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>A connection that is silent for so long counts as cut.</summary>
    internal TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that are asked for at once, and held in memory until those before them are written.</summary>
    internal int SegmentBytes { get; init; } = 8 << 20;

    /// <summary>Segments of one file that are under way at a time.</summary>
    internal int Connections { get; init; } = 8;

    /// <summary>Free bytes of the disk that a folder is on; null: unknown.</summary>
    internal Func<string, long?> FreeSpace { get; init; } = FreeSpaceOf;

    /// <summary>How messages call the hub.</summary>
    internal string Host => Endpoint.IsDefaultPort ? Endpoint.Host : $"{Endpoint.Host}:{Endpoint.Port}";

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{Endpoint} in {CacheDirectory}";

    public static HubSettings FromEnvironment(Action<string> warning) => From(Environment.GetEnvironmentVariable, warning);

    /// <param name="variable">Reads a variable of the environment.</param>
    internal static HubSettings From(Func<string, string?> variable, Action<string> warning)
    {
        string home = Folder("HF_HOME") ?? Path.Combine(Folder("XDG_CACHE_HOME") ?? Path.Combine(UserFolder(), ".cache"), "huggingface");
        string cache = Folder("HF_HUB_CACHE") ?? Folder("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub");
        var settings = new HubSettings(Path.GetFullPath(cache))
        {
            Endpoint = Given("HF_ENDPOINT") is { } endpoint ? ParseEndpoint(endpoint) : s_huggingFace,
            Token = Given("HF_TOKEN") ?? Given("HUGGING_FACE_HUB_TOKEN") ?? ReadToken(Folder("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
            IsOffline = IsSet("HF_HUB_OFFLINE") || IsSet("TRANSFORMERS_OFFLINE"),
            UseLinks = !IsSet("HF_HUB_DISABLE_SYMLINKS"),
            Warning = warning,
        };
        if (settings.Token is null || IsPrivate(settings.Endpoint)) return settings;
        if (!settings.IsOffline) warning($"HF_ENDPOINT is {settings.Endpoint}: the token isn't sent, since others could read it on its way; https was expected.");
        return settings with { Token = null };

        string? Given(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
        bool IsSet(string name) => Given(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
        string? Folder(string name) => Given(name) is not { } path ? null : path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(UserFolder(), path[1..].TrimStart('/')) : path;
    }

    /// <summary>What is said to this address can't be overheard: it is encrypted, or doesn't leave the machine.</summary>
    internal static bool IsPrivate(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.IsLoopback;

    private static Uri ParseEndpoint(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "https" or "http" && endpoint is { UserInfo: "", Query: "", Fragment: "" } ? endpoint
            : throw new HubException($"HF_ENDPOINT is '{text}'; an address such as https://huggingface.co was expected.");

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            throw new HubException($"the hub's token can't be read from {path}: {e.Message}", e);
        }
    }

    private static string UserFolder() => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static long? FreeSpaceOf(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            return null;
        }
    }
}
