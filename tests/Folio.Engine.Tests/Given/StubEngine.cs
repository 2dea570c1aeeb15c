using System.Threading.Channels;
using Folio.Compute;
using Folio.Paging;

namespace Folio.Engine.Tests;

/// <summary>A whole engine over the stub model, stepped by the test itself; verifies its invariants around each step.</summary>
internal sealed class StubEngine
{
    public const int Eos = 0;

    private readonly StepLimits _limits;
    private readonly EngineLoop _loop;
    private readonly RequestInbox _inbox = new();
    private readonly int _maxModelLen;

    /// <param name="settings">Null: first come, first served, no swap space, and admission leaves no room to grow, so that small pools preempt much.</param>
    /// <param name="overlapped">Steps run beside the host, as late as they may.</param>
    /// <param name="costs">What the scheduler takes for true throughout: the stub's own speed teaches it nothing.</param>
    public StubEngine(
        int blocks = 1000, int blockSize = 4, int budget = 64, int sequences = 16, int maxModelLen = 200, bool prefixCaching = true, SchedulerSettings? settings = null, StepCosts? costs = null, bool overlapped = false)
    {
        _limits = StepLimits.For(new() { MaxNumBatchedTokens = budget, MaxNumSeqs = sequences });
        _maxModelLen = maxModelLen;
        Pool = new BlockPool(blocks, blockSize, prefixCaching);
        Model = new StubModel(blocks, blockSize);
        Metrics = new EngineMetrics(maxModelLen);
        costs ??= new(secondsPerToken: 1, hostSecondsPerBlock: 0.1, diskSecondsPerBlock: 1);
        Scheduler = new Scheduler(Pool, _limits, maxModelLen, settings ?? new() { GrowthTokens = 0, ResumeTokens = 0 }, costs, Metrics);
        Late = overlapped ? new LateRunner(Model) : null;
        Launching = _ => Scheduler.VerifyPlan();
        IModelRunner runner = Late is null ? Model : Late;
        _loop = new EngineLoop(_inbox, Scheduler, runner, new Sampler(runner, _limits), StepCosts.For(1), Metrics) { GroupEnded = Ended.Add };
    }

    public BlockPool Pool { get; }

    public StubModel Model { get; }

    /// <summary>What runs the model beside the host; null: it doesn't.</summary>
    public LateRunner? Late { get; }

    /// <summary>Called with each batch as the loop hands it over.</summary>
    public Action<StepBatch>? Launching
    {
        get => Late is null ? Model.BeforeStep : Late.Launching;
        set
        {
            if (Late is null) Model.BeforeStep = value;
            else Late.Launching = value;
        }
    }

    public Scheduler Scheduler { get; }

    public EngineMetrics Metrics { get; }

    public List<SequenceGroup> Ended { get; } = [];

    public SequenceGroup Submit(GenerationRequest request)
    {
        int most = Math.Min(_maxModelLen, request.Prompt.Length + (request.Sampling.MaxTokens ?? _maxModelLen));
        var group = new SequenceGroup(request, most, [Eos], Pool, unchecked((ulong)request.Sampling.Seed!.Value), new RequestOutlet());
        _inbox.Post(new(MessageKind.Submit, group, 0));
        return group;
    }

    /// <summary>A prefix of whole blocks, to be kept.</summary>
    public SequenceGroup NewPin(int[] prefix, string? salt = null) => new(new() { Prompt = prefix }, prefix.Length, [], Pool, 0, new RequestOutlet()) { IsPin = true, Salt = salt };

    public SequenceGroup Pin(int[] prefix, string? salt = null)
    {
        SequenceGroup group = NewPin(prefix, salt);
        _inbox.Post(new(MessageKind.Submit, group, 0));
        return group;
    }

    public SequenceGroup Submit(int prompt, int maxTokens, int n = 1) => Submit(Given.Request(prompt, maxTokens, n));

    public void Unpin(SequenceGroup pin)
    {
        if (pin.State == GroupState.Pinned) Scheduler.Finish(pin);
        else Cancel(pin);
    }

    public void Cancel(SequenceGroup group) => _inbox.Post(new(MessageKind.Cancel, group, 0));

    public void StopSequence(SequenceGroup group, int index) => _inbox.Post(new(MessageKind.StopSequence, group, index));

    public bool Step()
    {
        bool ran = _loop.Step();
        Scheduler.Verify();
        Assert.True(ran || Scheduler.Running + Scheduler.Waiting == 0, "the loop would sleep, and there is work");
        return ran;
    }

    public void Run(int steps)
    {
        for (int step = 0; step < steps; step++) Assert.True(Step());
    }

    public void RunToEnd()
    {
        for (int step = 0; Step(); step++) Assert.True(step < 20_000, $"no end: {string.Join("; ", Scheduler.Groups().Select(group => $"{group.State} {group.Alive} of {group.Sequences.Length} at {string.Join(",", group.Sequences.Select(sequence => $"{sequence.Computed}/{sequence.Length}"))} of {group.PromptLength}+{group.MaxLength - group.PromptLength}, {group.Preemptions} preemptions"))}; {Pool.Free} of {Pool.Blocks} free");
        Assert.Equal(0, Scheduler.Running + Scheduler.Waiting);
        Assert.Equal(Pool.Blocks, Pool.Free);
    }

    /// <summary>Everything that a request's client got, in words that can be compared.</summary>
    public static string Answer(SequenceGroup group)
    {
        var sequences = new List<string>[group.Sequences.Length];
        for (int i = 0; i < sequences.Length; i++) sequences[i] = [];
        ChannelReader<SequenceEvent> events = group.Outlet.Events;
        while (events.TryRead(out SequenceEvent happened))
        {
            string logprobs = happened.Logprobs is { } found ? $" {Text(found)}" : "";
            sequences[happened.Index].Add($"{happened.TokenId}{logprobs}{(happened.FinishReason is { } reason ? $" {reason} {happened.StopId}{happened.Score}" : "")}");
        }

        string prompt = group.PromptLogprobs is null ? "" : string.Join(" ", group.PromptLogprobs.Select(entry => entry is null ? "-" : Text(entry)));
        return $"{prompt}\n{string.Join("\n", sequences.Select(sequence => string.Join(", ", sequence)))}";
    }

    private static string Text(PositionLogprobs logprobs) => string.Join(";", [logprobs.Token, .. logprobs.Top]);
}
