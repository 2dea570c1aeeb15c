namespace Folio.Engine;

/// <summary>How a scheduler chooses, besides the sizes of its pool and steps.</summary>
internal sealed record SchedulerSettings
{
    public SchedulingPolicy Policy { get; init; } = SchedulingPolicy.Fcfs;

    public PreemptionMode Preemption { get; init; } = PreemptionMode.Auto;

    /// <summary>Blocks of host memory for groups that are swapped out; 0: none.</summary>
    public int HostBlocks { get; init; }

    /// <summary>Blocks on disk behind it; 0: none.</summary>
    public int DiskBlocks { get; init; }

    /// <summary>Tokens that each running sequence is expected to gain before anybody ends: admission leaves room for them.</summary>
    public int GrowthTokens { get; init; } = 16;

    /// <summary>The same where a preempted group comes back: it must run a useful while before it can be preempted again.</summary>
    public int ResumeTokens { get; init; } = 32;

    /// <summary>How much longer prompts may make a step in which others decode; null: as long as the token budget allows.</summary>
    public TimeSpan? MaxPrefillStall { get; init; }

    /// <summary>A prompt is computed in one step, or waits for the next.</summary>
    public bool WholePrompts { get; init; }

    public static SchedulerSettings For(EngineOptions options, SwapPlan swap) => new()
    {
        Policy = options.SchedulingPolicy,
        Preemption = options.PreemptionMode,
        HostBlocks = swap.HostBlocks,
        DiskBlocks = swap.DiskBlocks,
        GrowthTokens = options.GrowthTokens,
        ResumeTokens = 2 * options.GrowthTokens,
        MaxPrefillStall = options.MaxPrefillStall,
        WholePrompts = options.WholePrompts,
    };
}
