using Folio.Compute;
using Folio.Grammars;
using Folio.Models;
using Folio.Paging;

namespace Folio.Engine;

/// <summary>A loaded model that continues prompts or makes embeddings of them, any number at once. Thread-safe.</summary>
/// <example>
/// <code>
/// using var backend = new CpuBackend();
/// await using var engine = LlmEngine.Load("model.gguf", backend);
/// var request = new GenerationRequest { Prompt = engine.Model.Encode("Once upon a time") };
/// await foreach (var output in engine.Submit(request)) Console.Write(output.Text);
/// </code>
/// </example>
public sealed partial class LlmEngine : IAsyncDisposable
{
    private readonly BlockPool _pool;
    private readonly IModelRunner _runner;
    private readonly PrefixStore? _store;
    private readonly WaitingRoom _waitingRoom;
    private readonly Pins _pins = new();
    private readonly GrammarCache _grammars;
    private readonly LifecycleFeed _lifecycle;
    private readonly RequestInbox _inbox = new();
    private readonly EngineLoop _loop;
    private readonly TaskCompletionSource _loopEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AwaitingLoop _awaiting = new();
    private readonly Watchdog? _watchdog;
    private volatile bool _draining;
    private volatile bool _disposing;
    private int _inFlight;
    private long _requests;

    internal LlmEngine(ModelInfo model, EngineOptions options, MemoryPlan plan, IModelRunner runner, SwapPlan swap = default, PrefixStore? store = null)
    {
        (Model, Options, Plan) = (model, options, plan);
        StepLimits limits = StepLimits.For(options);
        _pool = new BlockPool(plan.Blocks, plan.BlockSize, options.EnablePrefixCaching);
        Metrics = new EngineMetrics(plan.MaxModelLen);
        _grammars = new GrammarCache(model);
        _lifecycle = new LifecycleFeed(Metrics.LifecycleEventsDropped, options.Warning);
        _waitingRoom = new WaitingRoom(options.MaxWaitingRequests, options.MaxWaitingTokens ?? long.MaxValue, Metrics);
        var costs = StepCosts.For(plan.KvBytesPerToken * plan.BlockSize);
        Scheduler = new Scheduler(_pool, limits, plan.MaxModelLen, SchedulerSettings.For(options, swap), costs, Metrics, store is null ? null : new PrefixLoader(store, runner, plan.BlockSize));
        (_runner, _store) = (runner, store);
        _loop = new EngineLoop(_inbox, Scheduler, runner, new Sampler(runner, limits), costs, Metrics) { GroupEnded = GroupEnded, Warning = options.Warning };
        if (options.WatchdogTimeout is { } patience) _watchdog = new Watchdog(patience, () => (_loop.Steps, _loop.Turns), IsLoopWaitedFor, FailStalled, TellRecovered);
        new Thread(RunLoop) { IsBackground = true, Name = "folio-engine" }.Start();
    }

    public ModelInfo Model { get; }

    public EngineOptions Options { get; }

    /// <summary>How memory was divided at start.</summary>
    public MemoryPlan Plan { get; }

    public EngineMetrics Metrics { get; }

    /// <summary>The defect that ended the engine: every request fails from then on. Null while it is well.</summary>
    public Exception? Failure => _loop.Failure;

    /// <summary>Requests accepted that have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Completes when the engine has ended: it was disposed of, or failed.</summary>
    public Task Ended => _loopEnded.Task;

    /// <summary>Belongs to the loop's thread, but for the count of pinned blocks; tests look at it when nothing runs.</summary>
    internal Scheduler Scheduler { get; }

    /// <summary>Loads a checkpoint: a folder with config.json and safetensors, or a .gguf file.</summary>
    /// <param name="path">Folder or file.</param>
    /// <param name="backend">Where it runs; it stays the caller's, and must outlive the engine.</param>
    /// <param name="options">Null: all as the model and the machine suggest.</param>
    /// <param name="progress">Told how far loading has come.</param>
    /// <exception cref="FolioException">The checkpoint can't be read, isn't supported or doesn't fit.</exception>
    public static LlmEngine Load(string path, Backend backend, EngineOptions? options = null, IProgress<LoadProgress>? progress = null)
    {
        using ModelSource source = ModelSource.Open(path);
        return Load(source, backend, options, progress);
    }

    /// <summary>Loads an open checkpoint. The source may be disposed of afterwards.</summary>
    public static LlmEngine Load(ModelSource source, Backend backend, EngineOptions? options = null, IProgress<LoadProgress>? progress = null)
    {
        options ??= new();
        options.Validate();
        MemoryPlan.RequireWeights(source.Path, source.WeightBytes(backend), backend.AvailableMemory);
        Task<ModelText> text = Task.Run(() => ModelText.Read(source)); // beside the weights, which keep the system busier than the processor
        try
        {
            return Load(source, backend, options, progress, text);
        }
        finally
        {
            Task.WaitAny(text); // it reads the source, which the caller may dispose of
        }
    }

    private static LlmEngine Load(ModelSource source, Backend backend, EngineOptions options, IProgress<LoadProgress>? progress, Task<ModelText> text)
    {
        options = options with { MaxNumBatchedTokens = options.MaxNumBatchedTokens ?? backend.StepTokens };
        DecoderSpec spec = TransformerDecoder.Describe(source);
        MemoryPlan.RequireContext(options.MaxModelLen, spec.ContextLength); // memory is reserved by it
        if (!spec.Causal) options = EncoderOptions.For(options, source, spec, backend.CacheTypes[0]);
        KvCacheTypes.Require(options.KvCacheType, backend);
        long bytesPerBlock = backend.KvBytesPerBlock(spec.KvCacheShape(options.BlockSize, 1, options.KvCacheType)); // heads that the backend can't do are refused before the weights are loaded
        TransformerDecoder decoder = TransformerDecoder.Load(source, backend, progress);
        StepLimits limits = StepLimits.For(options);
        MemoryPlan.RequireSteps(decoder.BytesToReserve(limits.Tokens, limits.LogitRows), backend.AvailableMemory, options);
        decoder.Reserve(limits.Tokens, limits.Sequences, limits.LogitRows, options.KvCacheType);

        MemoryPlan plan = MemoryPlan.Create(decoder.WeightBytes, bytesPerBlock, spec.ContextLength, backend.AvailableMemory, backend.CacheShare, options);
        if (!spec.KeysDependOnPrefixAlone) options = WithoutPrefixCaching(options, source);
        KvCache cache = backend.AllocateKvCache(spec.KvCacheShape(plan.BlockSize, plan.Blocks, options.KvCacheType));
        if (backend.RunsBeside && spec.HasHead) decoder.Prepare(new StepBatch(limits.Tokens, Math.Min(limits.Sequences, limits.Tokens), (plan.MaxModelLen + plan.BlockSize - 1) / plan.BlockSize), cache);
        SwapPlan swap = SwapPlan.Create(options, backend.DefaultSwapSpace(plan.KvBytes), bytesPerBlock, backend.HostMemoryBeside(plan.KvBytes));
        plan = plan with { SwapBytes = swap.HostBlocks * bytesPerBlock, DiskSwapBytes = swap.DiskBlocks * bytesPerBlock };
        var runner = new ModelRunner(decoder, cache, backend, new SwapSpace(backend, cache, swap, options.SwapDirectory));
        try
        {
            PrefixStore? store = options is { PrefixCacheDirectory: { } directory, EnablePrefixCaching: true }
                ? OpenStore(directory, options, CacheFingerprint.Of(source, spec, backend.KvImageFormat, cache.Shape), runner.BytesPerBlock)
                : null;
            return new LlmEngine(ModelInfoReader.Read(source, spec, plan.MaxModelLen, text.GetAwaiter().GetResult(), options.Pooling), options, plan, runner, swap, store);
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    /// <summary>Accepts a request.</summary>
    /// <exception cref="RequestException">It can't be served as asked: a parameter out of range, a prompt too long, more blocks than there are.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="EngineUnavailableException">The engine stands still.</exception>
    /// <exception cref="ObjectDisposedException">The engine is draining or has been disposed of.</exception>
    public GenerationStream Submit(GenerationRequest request, CancellationToken cancellation = default)
    {
        int maxLength = Validate(request);
        cancellation.ThrowIfCancellationRequested();
        if (IsStalled) throw Unavailable();
        ulong seed = unchecked((ulong)(request.Sampling.Seed ?? Random.Shared.NextInt64()));
        _waitingRoom.Enter(request.Prompt.Length);
        var group = new SequenceGroup(request, maxLength, Model.EosTokenIds, _pool, seed, new RequestOutlet(request.Observer, _lifecycle, request.ObservesEndAlone)) { WaitingRoom = _waitingRoom };
        string id = Post(group, request.Id);
        return new RequestStream(id, group, _inbox, Metrics, NewText(request), cancellation);
    }

    /// <summary>Hands a group that has a place in the waiting room to the loop.</summary>
    /// <returns>Its name for logs.</returns>
    private string Post(SequenceGroup group, string? id)
    {
        EnterOne(group);
        if (group.Outlet.IsObserved) _lifecycle.Enter();
        group.Outlet.Tell(new(RequestStage.Queued, group.Outlet.ArrivedAt) { Tokens = group.PromptLength });
        id ??= $"request-{Interlocked.Increment(ref _requests)}";
        _awaiting.Enter(group, id);
        _inbox.Post(new(MessageKind.Submit, group, 0));
        if (_inbox.Closed) _loop.AbortPosted(); // the loop ended meanwhile: nobody else will
        if (IsStalled) group.Outlet.Complete(Unavailable()); // since the look at the beginning
        return id;
    }

    /// <summary>Compiles what an answer must obey, off the engine's thread and not before its turn among others that compile; one that was compiled lately is found again.</summary>
    /// <exception cref="GrammarException">It is wrong, asks for what isn't supported, or exceeds a limit.</exception>
    /// <exception cref="RequestException">The model has no tokenizer.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the compilation ends.</exception>
    public async Task<RequestGrammar> CompileAsync(Grammar grammar, CancellationToken cancellation = default)
    {
        Metrics.WaitingForGrammar.Add(1);
        try
        {
            return await _grammars.CompileAsync(grammar, cancellation).ConfigureAwait(false);
        }
        finally
        {
            Metrics.WaitingForGrammar.Add(-1);
        }
    }

    /// <summary>Refuses new requests and returns when those accepted have finished.</summary>
    public Task DrainAsync(CancellationToken cancellation = default)
    {
        _draining = true;
        Interlocked.MemoryBarrier(); // the last request to leave sees the flag, or this sees that it has left
        if (Volatile.Read(ref _inFlight) == 0) _drained.TrySetResult();
        return _drained.Task.WaitAsync(cancellation);
    }

    /// <summary>Aborts whatever still runs and ends the loop. The backend stays.</summary>
    /// <exception cref="EngineUnavailableException">A step doesn't return, so the loop can't be ended: the backend must not be disposed of, and the process had better end.</exception>
    public async ValueTask DisposeAsync()
    {
        _draining = _disposing = true;
        _loop.Stop();
        while (await Task.WhenAny(_loopEnded.Task, Task.Delay(WatchInterval)).ConfigureAwait(false) != _loopEnded.Task)
        {
            if (IsStalled) throw Unavailable();
        }

        _watchdog?.Dispose();
        _lifecycle.Dispose();
    }

    /// <summary>Blocks that no pinned prefix holds, or will. The loop changes it at any time.</summary>
    private int FreeBlocks => _pool.Blocks - Scheduler.PinnedBlocks;

    /// <summary>Tokens of each of n sequences at most, prompt included: what the context holds, and the blocks that no pinned prefix does.</summary>
    public int LongestFor(int prompt, int n = 1) => LongestFor(prompt, n, FreeBlocks);

    private int LongestFor(int prompt, int n, int free) => (int)long.Min(SequenceGroup.LongestThatFits(prompt, n, free, _pool.BlockSize), Model.MaxModelLen);

    private Func<SequenceText>? NewText(GenerationRequest request)
    {
        if (Model.Tokenizer is not { } tokenizer) return null;
        bool continues = false; // a prompt of BOS alone is no text: the answer begins one
        foreach (int id in request.Prompt.Span) continues |= !tokenizer.IsSpecial(id);
        return () => new SequenceText(tokenizer.CreateDetokenizer(request.Sampling.SkipSpecialTokens, continues, request.Sampling.ShownSpecialTokens), request.Sampling);
    }

    private void EnterOne(SequenceGroup group)
    {
        Interlocked.Increment(ref _inFlight);
        if (!_draining) return;
        _waitingRoom.Leave(group.PromptLength);
        LeaveOne();
        throw new ObjectDisposedException(nameof(LlmEngine), "the engine is shutting down and takes no more requests");
    }

    private void GroupEnded(SequenceGroup group)
    {
        _awaiting.Leave(group);
        if (group.IsPin) _pins.Remove(group);
        else LeaveOne();
    }

    private void LeaveOne()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0 && _draining) _drained.TrySetResult();
    }

    private void RunLoop()
    {
        try
        {
            _loop.Run();
            if (_store is not null && Failure is null) SavePrefixes(_store);
        }
        finally
        {
            _store?.Dispose();
            _runner.Dispose();
            _loopEnded.SetResult();
        }
    }
}
