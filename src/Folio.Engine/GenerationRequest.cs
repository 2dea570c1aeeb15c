namespace Folio.Engine;

/// <summary>One prompt to be continued.</summary>
public sealed record GenerationRequest
{
    /// <summary>[prompt tokens] vocabulary ids; at least one.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    public SamplingParams Sampling { get; init; } = new();

    /// <summary>What the answer must obey (<see cref="LlmEngine.CompileAsync"/>); null: nothing.</summary>
    public RequestGrammar? Grammar { get; init; }

    /// <summary>Cached prefixes are shared only among requests with the same salt: nobody can learn from an answer's speed what others have asked.</summary>
    public string CacheSalt { get; init; } = "";

    /// <summary>Lower numbers run first, under <see cref="SchedulingPolicy.Priority"/>.</summary>
    public int Priority { get; init; }

    /// <summary>Who asks: service is shared evenly between tenants under <see cref="SchedulingPolicy.Fair"/>.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>A name for logs.</summary>
    public string? Id { get; init; }

    /// <summary>Told what becomes of it, event by event, on a thread that all observers share; null: nobody looks, and it costs nothing.</summary>
    public Action<RequestEvent>? Observer { get; init; }

    /// <summary>The observer is told of <see cref="RequestStage.Ended"/> alone, which has the times of the stations before it.</summary>
    public bool ObservesEndAlone { get; init; }
}

/// <summary>A request that can't be served as it was asked: an answer of 400 to whoever sent it.</summary>
/// <param name="message">What is wrong and what was expected.</param>
/// <param name="parameter">The parameter at fault, by its name in the API (<c>top_p</c>), or null.</param>
public sealed class RequestException(string message, string? parameter = null) : FolioException(message)
{
    public string? Parameter { get; } = parameter;
}

/// <summary>A request that was accepted and then failed by itself; no other request suffers.</summary>
/// <param name="message">For whoever sent it.</param>
/// <param name="cause">For whoever runs the engine; null: the message says all.</param>
public sealed class RequestFailedException(string message, Exception? cause = null) : FolioException(message, cause!);

/// <summary>The engine stands still, or is being paused, and doesn't finish what it has accepted: an answer of 503.</summary>
public sealed class EngineUnavailableException(string message) : FolioException(message);

/// <summary>A request that was accepted, and before its turn a prefix was pinned that leaves too little room for it: an answer of 503. Sent again, it gets what room there is, or the numbers.</summary>
public sealed class RoomPinnedException(string message) : FolioException(message);

/// <summary>A prefix that was let go of before it was computed, because its owner unpinned it or pinned another under its name: an answer of 409.</summary>
public sealed class PinDroppedException(string message) : FolioException(message);

/// <summary>Too many requests wait already: an answer of 429 to whoever sent one more.</summary>
public sealed class QueueFullException(string message) : FolioException(message);
