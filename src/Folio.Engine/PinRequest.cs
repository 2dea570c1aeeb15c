namespace Folio.Engine;

/// <summary>A prefix to be kept in the cache.</summary>
public sealed record PinRequest
{
    /// <summary>[tokens] vocabulary ids; at least a block of them.</summary>
    public required ReadOnlyMemory<int> Prefix { get; init; }

    /// <summary>A name for it, as long as its owner keeps it; null: one is made that the owner doesn't use. Pinning under a known name replaces what is there.</summary>
    public string? Id { get; init; }

    /// <summary>Whose it is: names of different owners have nothing to do with each other.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Only requests with this salt find it; null: every request does.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>As <see cref="GenerationRequest.Priority"/>: when it is computed.</summary>
    public int Priority { get; init; }

    /// <summary>As <see cref="GenerationRequest.Tenant"/>: who is charged for computing it.</summary>
    public string Tenant { get; init; } = "";
}
