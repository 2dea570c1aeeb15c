namespace Folio.Requests;

/// <summary>What one tenant may ask for at most. Null: no limit.</summary>
public sealed record TenantLimits
{
    /// <summary>Requests that compute something (every POST), on average of a minute; so many at once after a pause.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens of prompts and answers, on average of a minute. A request that begins below the limit is finished; what it takes beyond is waited for by the next.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Requests at the same time.</summary>
    public int? ConcurrentRequests { get; init; }
}
