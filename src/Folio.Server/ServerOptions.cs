namespace Folio.Server;

/// <summary>What a server is given at start.</summary>
public sealed record ServerOptions : ServedModelOptions
{
    /// <summary>An address of this machine or "localhost". Loopback by default: nobody else reaches the server unless asked to.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Any of these opens every route, as any of <see cref="TenantKeys"/> does; none of either: no key is asked for.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Keys with a holder's name, as a <see cref="KeyFile"/> has them.</summary>
    public IReadOnlyList<TenantKey> TenantKeys { get; init; } = [];

    /// <summary>What the holders of <see cref="TenantKeys"/> may ask for at most, by their name.</summary>
    public IReadOnlyDictionary<string, TenantLimits> TenantLimits { get; init; } = new Dictionary<string, TenantLimits>();

    /// <summary>Listens beyond loopback even where no key is asked for.</summary>
    public bool Insecure { get; init; }

    /// <summary>Origins (<c>https://chat.example</c>) whose pages may ask; "*": all. By default none but the server's own.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>One line in the log for each request that has ended.</summary>
    public bool LogRequests { get; init; }

    /// <summary>Larger request bodies are answered with 413.</summary>
    public long MaxRequestBodyBytes { get; init; } = 32L << 20;

    /// <summary>How long a request may take, waiting included; then it is ended with 504. Null: as long as it takes. A request may ask for less (the header X-Request-Timeout, in seconds).</summary>
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>How long a client may take to send a request's line and headers.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections beyond so many are closed as they come; null: as many as the system allows.</summary>
    public int? MaxConnections { get; init; } = 4096;

    /// <summary>How long requests in flight may still run after SIGTERM.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);
}
