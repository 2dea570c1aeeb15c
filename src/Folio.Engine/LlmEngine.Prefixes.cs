using Folio.Models;

namespace Folio.Engine;

/// <summary>What of the prefix cache is in the caller's hands: forgetting, pinning, and keeping it from one run to the next.</summary>
public sealed partial class LlmEngine
{
    /// <summary>Forgets all cached prefixes that are not pinned: no later request finds one. Running requests go on.</summary>
    public Task ResetPrefixCacheAsync() => OnLoop(Scheduler.ResetPrefixCache);

    /// <summary>Computes a prefix and keeps its full blocks until <see cref="UnpinAsync"/>; requests of any salt that begin with it find them.</summary>
    /// <param name="prefix">[tokens] at least one block of vocabulary ids.</param>
    /// <param name="id">A name for it; null: one is made. Pinning under a known name replaces what is there.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RequestException">It is shorter than a block, too long, or has ids that the model hasn't.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="PinDroppedException">It was unpinned, or another came under its name, before it was computed.</exception>
    public Task<PinnedPrefix> PinAsync(ReadOnlyMemory<int> prefix, string? id = null, CancellationToken cancellation = default) =>
        PinAsync(new PinRequest { Prefix = prefix, Id = id }, cancellation);

    /// <summary>Computes a prefix, in its turn among the requests, and keeps its full blocks until <see cref="UnpinAsync"/>.</summary>
    /// <remarks>What it replaces is let go of as soon as it is accepted, so that the two need not fit beside each other.</remarks>
    /// <exception cref="RequestException">It is shorter than a block, too long, or has ids that the model hasn't.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="PinDroppedException">It was unpinned, or another came under its name, before it was computed.</exception>
    public async Task<PinnedPrefix> PinAsync(PinRequest request, CancellationToken cancellation = default)
    {
        SequenceGroup group = NewPin(request);
        PinnedPrefix? pin = null;
        await OnLoop(() => pin = AddPin(group, request)).ConfigureAwait(false);
        await PinnedAsync(group, cancellation).ConfigureAwait(false);

        bool kept = false;
        await OnLoop(() =>
        {
            if (cancellation.IsCancellationRequested) LetGo(group); // it may have been computed before the loop was told
            kept = group.State == GroupState.Pinned;
        }).ConfigureAwait(false);
        if (kept) return pin!;
        cancellation.ThrowIfCancellationRequested();
        throw new PinDroppedException($"the prefix '{pin!.Id}' was unpinned, or another was pinned under its id, before it was computed.");
    }

    /// <summary>Waits until the group is computed or has ended.</summary>
    private async Task PinnedAsync(SequenceGroup group, CancellationToken cancellation)
    {
        _awaiting.Enter(group, "a prefix to be pinned");
        try
        {
            using CancellationTokenRegistration leaving = cancellation.Register(Cancel);
            await group.Outlet.EndAsync().ConfigureAwait(false);
        }
        catch (EngineUnavailableException)
        {
            Cancel();
            throw;
        }
        finally
        {
            _awaiting.Leave(group);
        }

        void Cancel() => _inbox.Post(new(MessageKind.Cancel, group, 0));
    }

    /// <summary>Lets go of a prefix, computed already or not.</summary>
    /// <returns>False when the owner has nothing pinned under that name.</returns>
    public async Task<bool> UnpinAsync(string id, string owner = "")
    {
        bool known = false;
        await OnLoop(() =>
        {
            if (_pins.Find(owner, id) is not { } group) return;
            LetGo(group);
            known = true;
        }).ConfigureAwait(false);
        return known;
    }

    /// <summary>What is pinned now, by all owners.</summary>
    public IReadOnlyList<PinnedPrefix> PinnedPrefixes => _pins.All;

    /// <summary>Tokens in <see cref="EngineOptions.PrefixCacheDirectory"/>: those found at start; once the engine has ended, those left for the next.</summary>
    public int KeptPrefixTokens => _store is null ? 0 : _store.Count * Plan.BlockSize;

    private SequenceGroup NewPin(PinRequest request)
    {
        ReadOnlyMemory<int> prefix = request.Prefix;
        int tokens = prefix.Length / Plan.BlockSize * Plan.BlockSize;
        if (!Options.EnablePrefixCaching) throw new RequestException("a prefix can't be pinned: prefix caching is off.");
        if (tokens == 0) throw new RequestException($"a prefix of {prefix.Length} tokens is shorter than a block of {Plan.BlockSize}: there is nothing to share.", "prompt");
        if (tokens > Model.MaxModelLen) throw new RequestException($"a prefix of {prefix.Length} tokens exceeds this model's context of {Model.MaxModelLen} tokens.", "prompt");
        RequireIds(prefix.Span, "prompt");
        var prompt = new GenerationRequest { Prompt = prefix[..tokens], Priority = request.Priority, Tenant = request.Tenant };
        return new(prompt, tokens, [], _pool, 0, new RequestOutlet()) { IsPin = true, Salt = request.CacheSalt };
    }

    private PinnedPrefix AddPin(SequenceGroup group, PinRequest request)
    {
        SequenceGroup? former = _pins.Find(request.Owner, request.Id);
        if (!Scheduler.MayPin(group, insteadOf: former))
            throw new RequestException($"a prefix of {group.PromptLength} tokens can't be pinned: too little of the KV cache ({_pool.Blocks} blocks of {_pool.BlockSize} tokens) would be left for requests.", "prompt");
        _waitingRoom.Enter(group.PromptLength);
        group.WaitingRoom = _waitingRoom;
        if (former is not null) LetGo(former);
        Scheduler.Add(group);
        return _pins.Add(request.Owner, request.Id, group);
    }

    private void LetGo(SequenceGroup group)
    {
        _pins.Remove(group);
        Scheduler.Finish(group);
        group.Outlet.Complete(); // who waits for it to be computed
    }

    private static PrefixStore OpenStore(string directory, EngineOptions options, Digest fingerprint, int bytesPerBlock)
    {
        PrefixStore store = PrefixStore.Open(directory, fingerprint, options.BlockSize, bytesPerBlock, options.PrefixCacheDiskSpace, out string? warning);
        if (warning is not null) options.Warning?.Invoke(warning);
        return store;
    }

    private static EngineOptions WithoutPrefixCaching(EngineOptions options, ModelSource source)
    {
        options.Warning?.Invoke($"{source.Path}: the prefix cache is off: this model's keys depend on the length of the whole prompt (dynamic NTK rope).");
        return options with { EnablePrefixCaching = false };
    }

    private void SavePrefixes(PrefixStore store)
    {
        if (store.Dropped > 0) Options.Warning?.Invoke($"{Options.PrefixCacheDirectory}: {store.Dropped} kept blocks could not be read back, or not as they were written; they were computed again.");
        if (store.Save(_pool.Prefixes!.Blocks(), _runner.ReadBlock) is { } warning) Options.Warning?.Invoke(warning);
    }
}
