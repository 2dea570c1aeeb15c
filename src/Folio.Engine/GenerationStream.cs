namespace Folio.Engine;

/// <summary>The outputs of one request, in the order in which they were made, until each of its sequences has finished.</summary>
/// <remarks>
/// Enumerate once. Leaving the enumeration early, disposing, or cancelling the token given to Submit cancels the request; its blocks are free within a step.
/// A request that fails ends the enumeration with <see cref="RequestFailedException"/>; one that turns out to ask for what can't be, with <see cref="RequestException"/>; one that a later pin
/// left no room for, with <see cref="RoomPinnedException"/>.
/// </remarks>
public abstract class GenerationStream : IAsyncEnumerable<GenerationOutput>, IAsyncDisposable
{
    public abstract string RequestId { get; }

    public abstract int PromptTokens { get; }

    /// <summary>Prompt tokens that were found in the prefix cache; final once there is an output.</summary>
    public abstract int CachedTokens { get; }

    /// <summary>Tokens of all sequences yielded so far.</summary>
    public abstract int CompletionTokens { get; }

    /// <summary>The request's preemptions so far.</summary>
    public abstract PreemptionTally Preemptions { get; }

    public abstract IAsyncEnumerator<GenerationOutput> GetAsyncEnumerator(CancellationToken cancellationToken = default);

    public abstract ValueTask DisposeAsync();
}
