using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Who may ask the routes, and for how much.</summary>
public record ApiOptions : ServedModelOptions
{
    /// <summary>Any of these opens every route, as any of <see cref="TenantKeys"/> does; none of either: no key is asked for.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Keys with a holder's name, as a <see cref="KeyFile"/> has them.</summary>
    public IReadOnlyList<TenantKey> TenantKeys { get; init; } = [];

    /// <summary>Whether there is a key of either kind.</summary>
    internal bool AsksForKey => ApiKeys.Count + TenantKeys.Count > 0;

    /// <summary>Tells who asks, where an application has authenticated it: in place of keys. Null, or a name that is "": 401. Without this function: whoever has a key.</summary>
    public Func<HttpContext, Asker?>? Identify { get; init; }

    /// <summary>What the holders of <see cref="TenantKeys"/>, or those whom <see cref="Identify"/> names, may ask for at most, by their name.</summary>
    public IReadOnlyDictionary<string, TenantLimits> TenantLimits { get; init; } = new Dictionary<string, TenantLimits>();

    /// <summary>Origins (<c>https://chat.example</c>) whose pages may ask; "*": all. By default none but the server's own.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>How many responses of /v1/responses each key's holder can find again; beyond that the one used least lately goes. 0: none are stored.</summary>
    public int MaxStoredResponses { get; init; } = 1000;

    /// <summary>How much memory each key's holder has for them; all together have 16 times that.</summary>
    public long MaxStoredResponseBytes { get; init; } = 64L << 20;

    /// <summary>Larger request bodies are answered with 413.</summary>
    public long MaxRequestBodyBytes { get; init; } = 32L << 20;

    /// <summary>How long a request may take, waiting included; then it is ended with 504. Null: as long as it takes. A request may ask for less (the header X-Request-Timeout, in seconds).</summary>
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>How long requests in flight may still run after SIGTERM.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Who asks, as an application knows it.</summary>
/// <param name="Name">Its requests find each other's cached prompts and share one turn; nobody else's. Any text but "", which names nobody.</param>
/// <param name="IsAdmin">May pause the engine and reset what all have cached.</param>
public sealed record Asker(string Name, bool IsAdmin = false);
