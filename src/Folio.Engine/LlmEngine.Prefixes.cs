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
    public async Task<PinnedPrefix> PinAsync(ReadOnlyMemory<int> prefix, string? id = null, CancellationToken cancellation = default)
    {
        SequenceGroup group = NewPin(prefix);
        await OnLoop(() => AddPin(group)).ConfigureAwait(false);
        using (cancellation.Register(() => _inbox.Post(new(MessageKind.Cancel, group, 0))))
        {
            await group.Outlet.Events.Completion.ConfigureAwait(false);
        }

        if (cancellation.IsCancellationRequested) await OnLoop(() => Scheduler.Finish(group)).ConfigureAwait(false);
        if (group.State != GroupState.Pinned) throw new OperationCanceledException("the prefix was not pinned", cancellation);
        var pinned = new PinnedPrefix(id ?? $"prefix-{Interlocked.Increment(ref _requests)}", group.PromptLength);
        if (_pins.Add(pinned, group) is { } before) await OnLoop(() => Scheduler.Finish(before)).ConfigureAwait(false);
        return pinned;
    }

    /// <returns>False when nothing is pinned under that name.</returns>
    public async Task<bool> UnpinAsync(string id)
    {
        if (_pins.Remove(id) is not { } group) return false;
        await OnLoop(() => Scheduler.Finish(group)).ConfigureAwait(false);
        return true;
    }

    /// <summary>What is pinned now.</summary>
    public IReadOnlyList<PinnedPrefix> PinnedPrefixes => _pins.All;

    /// <summary>Tokens in <see cref="EngineOptions.PrefixCacheDirectory"/>: those found at start; once the engine has ended, those left for the next.</summary>
    public int KeptPrefixTokens => _store is null ? 0 : _store.Count * Plan.BlockSize;

    private SequenceGroup NewPin(ReadOnlyMemory<int> prefix)
    {
        int tokens = prefix.Length / Plan.BlockSize * Plan.BlockSize;
        if (!Options.EnablePrefixCaching) throw new RequestException("a prefix can't be pinned: prefix caching is off.");
        if (tokens == 0) throw new RequestException($"a prefix of {prefix.Length} tokens is shorter than a block of {Plan.BlockSize}: there is nothing to share.", "prompt");
        if (tokens > Model.MaxModelLen) throw new RequestException($"a prefix of {prefix.Length} tokens exceeds this model's context of {Model.MaxModelLen} tokens.", "prompt");
        RequireIds(prefix.Span);
        var request = new GenerationRequest { Prompt = prefix[..tokens] };
        return new(request, tokens, [], _pool, 0, new RequestOutlet()) { IsPin = true };
    }

    private void AddPin(SequenceGroup group)
    {
        if (!Scheduler.MayPin(group))
            throw new RequestException($"a prefix of {group.PromptLength} tokens can't be pinned: too little of the KV cache ({_pool.Blocks} blocks of {_pool.BlockSize} tokens) would be left for requests.", "prompt");
        Scheduler.Add(group);
    }

    /// <summary>Does something on the loop's thread, between two steps.</summary>
    private Task OnLoop(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Post(new(MessageKind.Call, null, 0, refusal =>
        {
            try
            {
                if (refusal is not null) throw refusal;
                action();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        }));
        if (_inbox.Closed) _loop.AbortPosted();
        return done.Task;
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
