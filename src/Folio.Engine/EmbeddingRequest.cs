namespace Folio.Engine;

/// <summary>One text to be embedded.</summary>
public sealed record EmbeddingRequest
{
    /// <summary>[prompt tokens] vocabulary ids, those around a text included (<see cref="ModelInfo.Encode"/>); at least one.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>Keep so many values, the first, of models that were made for it (<see cref="ModelInfo.IsMatryoshka"/>). Null: all.</summary>
    public int? Dimensions { get; init; }

    /// <summary>Whether the vector's length is made 1.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Cached prefixes are shared only among requests with the same salt.</summary>
    public string CacheSalt { get; init; } = "";

    /// <summary>Lower numbers run first, under <see cref="SchedulingPolicy.Priority"/>.</summary>
    public int Priority { get; init; }

    /// <summary>Who asks: service is shared evenly between tenants under <see cref="SchedulingPolicy.Fair"/>.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>A name for logs.</summary>
    public string? Id { get; init; }

    /// <summary>Told what becomes of it, as a <see cref="GenerationRequest.Observer"/> is; of its end also where it was refused, with no <see cref="RequestEnd.QueuedAt"/>.</summary>
    public Action<RequestEvent>? Observer { get; init; }

    /// <summary>The observer is told of <see cref="RequestStage.Ended"/> alone.</summary>
    public bool ObservesEndAlone { get; init; }
}

/// <summary>A text's embedding.</summary>
/// <param name="Vector">[dimensions] a function of the text alone, bit for bit, whatever ran beside it.</param>
/// <param name="PromptTokens">Tokens of the text.</param>
/// <param name="CachedTokens">Of these, those that were found in the prefix cache.</param>
/// <param name="Preemptions">How often, and why, it had to make room for others.</param>
public sealed record EmbeddingOutput(float[] Vector, int PromptTokens, int CachedTokens, PreemptionTally Preemptions);
