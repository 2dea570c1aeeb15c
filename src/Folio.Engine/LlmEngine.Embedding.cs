using System.Diagnostics;

namespace Folio.Engine;

/// <summary>Embeddings: prompts that run as all others do, and end with a vector instead of an answer.</summary>
public sealed partial class LlmEngine
{
    /// <summary>A text's embedding.</summary>
    /// <exception cref="RequestException">It can't be served as asked: a text too long, an id that the model hasn't, dimensions that it hasn't.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="EngineUnavailableException">The engine stands still.</exception>
    /// <exception cref="RequestFailedException">It was accepted and then failed by itself.</exception>
    /// <exception cref="ObjectDisposedException">The engine is draining or has been disposed of.</exception>
    public async Task<EmbeddingOutput> EmbedAsync(EmbeddingRequest request, CancellationToken cancellation = default) =>
        (await EmbedAsync([request], cancellation).ConfigureAwait(false))[0];

    /// <summary>The embeddings of several texts, which run together: all of them, or none where one is refused or fails.</summary>
    /// <remarks>A list whose first text finds the queue of waiting requests full is refused; behind that its texts wait for places, whoever has them.</remarks>
    /// <inheritdoc cref="EmbedAsync(EmbeddingRequest, CancellationToken)"/>
    public async Task<IReadOnlyList<EmbeddingOutput>> EmbedAsync(IReadOnlyList<EmbeddingRequest> requests, CancellationToken cancellation = default)
    {
        var groups = new List<SequenceGroup>(requests.Count);
        var outputs = new List<EmbeddingOutput>(requests.Count);
        CancellationTokenRegistration leaving = default;
        try
        {
            foreach (EmbeddingRequest request in requests) Validate(request);
            cancellation.ThrowIfCancellationRequested();
            if (IsStalled) throw Unavailable();
            leaving = cancellation.Register(() => Cancel(groups));
            foreach (EmbeddingRequest request in requests)
            {
                if (groups.Count == 0) _waitingRoom.Enter(request.Prompt.Length);
                else while (_waitingRoom.TryEnter(request.Prompt.Length) is { } left) await (outputs.Count < groups.Count ? NextAsync() : PlaceAsync(left, cancellation)).ConfigureAwait(false);
                lock (groups) groups.Add(Post(request));
                cancellation.ThrowIfCancellationRequested(); // behind the addition: a cancellation before it may have missed this one
            }

            while (outputs.Count < groups.Count) await NextAsync().ConfigureAwait(false);
            return outputs;
        }
        catch (Exception error)
        {
            foreach (EmbeddingRequest request in requests.Skip(groups.Count)) TellRefused(request, error);
            throw;
        }
        finally
        {
            leaving.Dispose();
            if (outputs.Count < groups.Count) Cancel(groups); // one was refused, or failed, or the engine stands still
            EndOthers(groups, outputs.Count);
        }

        async Task NextAsync()
        {
            int i = outputs.Count;
            outputs.Add(await EmbeddedAsync(requests[i], groups[i], cancellation).ConfigureAwait(false));
        }
    }

    /// <summary>Waits for somebody to leave the queue.</summary>
    private async Task PlaceAsync(Task left, CancellationToken cancellation)
    {
        while (await Task.WhenAny(left, Task.Delay(WatchInterval, cancellation)).ConfigureAwait(false) != left)
        {
            cancellation.ThrowIfCancellationRequested();
            if (IsStalled) throw Unavailable();
        }
    }

    private void Validate(EmbeddingRequest request)
    {
        int prompt = request.Prompt.Length, context = Model.MaxModelLen;
        if (prompt == 0) throw new RequestException("the input is empty; it must have at least one token.", "input");
        if (prompt > context) throw new RequestException($"This model's maximum context length is {context} tokens. However, your input has {prompt} tokens. Please reduce the length of the input.", "input");
        RequireIds(request.Prompt.Span, "input");
        RequireDimensions(request.Dimensions);
        int needed = _pool.BlocksFor(prompt), free = FreeBlocks;
        if (needed > free) throw new RequestException($"an input of {prompt} tokens needs {RoomText(needed, free)}", "input");
    }

    /// <summary>As at vLLM: a part of a vector that wasn't made to be one is no good embedding.</summary>
    private void RequireDimensions(int? dimensions)
    {
        if (dimensions is not { } wanted || wanted == Model.EmbeddingSize) return;
        if (wanted < 1 || wanted > Model.EmbeddingSize) throw new RequestException($"dimensions must be in [1, {Model.EmbeddingSize}], got {wanted}.", "dimensions");
        if (!Model.IsMatryoshka)
            throw new RequestException($"Model \"{Model.Name}\" does not support matryoshka representation, changing output dimensions will lead to poor results: its embeddings have {Model.EmbeddingSize} values.", "dimensions");
        if (Model.MatryoshkaDimensions is { } known && !known.Contains(wanted)) throw new RequestException($"dimensions is {wanted}; this model's embeddings may have {string.Join(", ", known)}.", "dimensions");
    }

    /// <summary>Hands a text that has a place in the waiting room to the loop.</summary>
    private SequenceGroup Post(EmbeddingRequest request)
    {
        var prompt = new GenerationRequest { Prompt = request.Prompt, CacheSalt = request.CacheSalt, Priority = request.Priority, Tenant = request.Tenant };
        var group = new SequenceGroup(prompt, request.Prompt.Length + 1, [], _pool, seed: 0, new RequestOutlet(request.Observer, _lifecycle, request.ObservesEndAlone)) // room is counted as if a token followed: the last one is computed too
        {
            WaitingRoom = _waitingRoom,
            Pooling = new(Model.Pooling, request.Prompt.Length, Model.EmbeddingSize),
        };
        Post(group, request.Id);
        return group;
    }

    private async Task<EmbeddingOutput> EmbeddedAsync(EmbeddingRequest request, SequenceGroup group, CancellationToken cancellation)
    {
        if (!await group.Outlet.EndAsync().ConfigureAwait(false))
        {
            cancellation.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(LlmEngine), "the engine was shut down before the embedding was made");
        }

        new RequestMetrics(Metrics, group).Embedded(group.Outlet.EndedAt);
        float[] vector = group.Pooling!.Vector(request.Dimensions ?? Model.EmbeddingSize, request.Normalize);
        TellEnded(group, FinishReason.Stop);
        return new(vector, group.PromptLength, group.CachedTokens, group.Preempted);
    }

    /// <summary>Ends those that haven't ended.</summary>
    private void Cancel(List<SequenceGroup> groups)
    {
        lock (groups)
        {
            foreach (SequenceGroup group in groups) _inbox.Post(new(MessageKind.Cancel, group, 0));
        }
    }

    /// <summary>Counts and tells of those that nobody gets: failed by themselves, or given up with them or with whoever asked.</summary>
    private void EndOthers(List<SequenceGroup> groups, int done)
    {
        foreach (SequenceGroup group in groups.Skip(done))
        {
            FinishReason? reason = group.Outlet.Events.Completion.IsFaulted ? null : FinishReason.Abort;
            Metrics.FinishedWith(reason).Add(1);
            TellEnded(group, reason);
        }
    }

    private static void TellEnded(SequenceGroup group, FinishReason? reason)
    {
        RequestOutlet outlet = group.Outlet;
        if (!outlet.IsObserved) return;
        var end = new RequestEnd
        {
            FinishReasons = [reason],
            Failure = outlet.Events.Completion.Exception?.InnerException,
            PromptTokens = group.PromptLength,
            CachedTokens = group.CachedTokens,
            Preemptions = group.Preempted,
            QueuedAt = outlet.ArrivedAt,
            AdmittedAt = outlet.ScheduledAt,
        };
        outlet.Tell(new(RequestStage.Ended, Stopwatch.GetTimestamp()) { End = end });
    }

    /// <summary>Tells of a text that never got a place: it was refused, or given up with those before it.</summary>
    private void TellRefused(EmbeddingRequest request, Exception error)
    {
        if (request.Observer is null) return;
        _lifecycle.Enter();
        _lifecycle.Post(request.Observer, new(RequestStage.Ended, Stopwatch.GetTimestamp()) { End = new() { FinishReasons = [null], Failure = error } });
    }
}
