using Folio.Paging;

namespace Folio.Engine;

internal enum GroupState
{
    /// <summary>Made, and not yet taken in by the loop.</summary>
    Arriving,

    /// <summary>In the waiting queue, new or preempted; holds no blocks.</summary>
    Waiting,

    Running,

    Finished,
}

/// <summary>One request as the scheduler sees it: its n sequences, which run and are preempted together (the paper's sequence group).</summary>
/// <remarks>
/// The prompt is computed once, by the leader (the first unfinished sequence); at its end the others fork the leader's blocks. A preempted group begins again as
/// such a prompt; what its sequences had already said is then computed as the tail of each.
/// </remarks>
internal sealed class SequenceGroup
{
    /// <param name="request">The request, already validated.</param>
    /// <param name="maxLength">Tokens of each of its sequences at most, prompt included.</param>
    /// <param name="endIds">The model's end tokens.</param>
    /// <param name="pool">Where its blocks come from.</param>
    /// <param name="seed">The seed of sequence 0; sequence i draws with seed + i.</param>
    /// <param name="outlet">Where its tokens go.</param>
    public SequenceGroup(GenerationRequest request, int maxLength, IReadOnlyList<int> endIds, BlockPool pool, ulong seed, RequestOutlet outlet)
    {
        SamplingParams sampling = Sampling = request.Sampling;
        PromptLength = request.Prompt.Length;
        MaxLength = maxLength;
        EndIds = sampling.IgnoreEos ? [] : [.. endIds];
        StopIds = [.. sampling.StopTokenIds];
        Outlet = outlet;
        Processors = LogitsProcessors.For(sampling, request.Prompt.Span, EndIds);
        PromptLogprobs = sampling.PromptLogprobs is null ? null : new PositionLogprobs?[PromptLength];
        PromptLogprobsDone = PromptLogprobs is null ? PromptLength : 0;
        Sequences = new Sequence[sampling.Width];
        for (int i = 0; i < Sequences.Length; i++) Sequences[i] = new(this, i, request.Prompt.Span, pool, unchecked(seed + (ulong)i));
        Alive = Sequences.Length;
        Beams = sampling.UseBeamSearch ? new(this) : null;
    }

    public SamplingParams Sampling { get; }

    /// <summary>[width]</summary>
    public Sequence[] Sequences { get; }

    public int PromptLength { get; }

    public int MaxLength { get; }

    /// <summary>Ids that end a sequence without being named as its stop reason; empty where they are ignored.</summary>
    public int[] EndIds { get; }

    public int[] StopIds { get; }

    /// <summary>What the host does to the logits; null: nothing.</summary>
    public LogitsProcessors? Processors { get; }

    /// <summary>Chooses the group's tokens where they are searched for; null where they are drawn.</summary>
    public BeamSearch? Beams { get; }

    public RequestOutlet Outlet { get; }

    /// <summary>[prompt tokens] filled from the left, survives preemption; null if not asked for. The first entry stays null.</summary>
    public PositionLogprobs?[]? PromptLogprobs { get; }

    /// <summary>Prompt rows whose log-probabilities are no longer wanted.</summary>
    public int PromptLogprobsDone { get; set; }

    /// <summary>What went wrong in this group's own part of a step's sampling.</summary>
    public Exception? SamplingFailure { get; set; }

    public GroupState State { get; set; }

    /// <summary>Sequences that have not finished.</summary>
    public int Alive { get; set; }

    /// <summary>Whether the prompt is computed and every living sequence has its own table.</summary>
    public bool Forked { get; set; }

    public int Preemptions { get; set; }

    /// <summary>Prompt tokens that the prefix cache had when the group was first admitted.</summary>
    public int CachedTokens { get; set; }

    /// <summary>Neighbours in the queue that the group is in.</summary>
    public SequenceGroup? Next { get; set; }

    public SequenceGroup? Previous { get; set; }

    /// <summary>The sequence that computes the prompt.</summary>
    public Sequence Leader
    {
        get
        {
            foreach (Sequence sequence in Sequences)
            {
                if (!sequence.Finished) return sequence;
            }

            throw new InvalidOperationException("a finished group has no leader");
        }
    }

    /// <summary>Whether the sequence takes part in steps now: before the fork only the leader does.</summary>
    public bool Runs(Sequence sequence) => !sequence.Finished && (Forked || sequence == Leader);

    /// <summary>Blocks that the group's tokens so far fill.</summary>
    public int BlocksToResume(BlockPool pool)
    {
        int shared = PromptLength / pool.BlockSize, blocks = shared;
        foreach (Sequence sequence in Sequences)
        {
            if (!sequence.Finished) blocks += pool.BlocksFor(sequence.Length) - shared;
        }

        return blocks;
    }

    /// <summary>Blocks that n sequences of full length take: those that the prompt fills are shared. The last token of a sequence is never computed.</summary>
    public static long BlocksAtMost(int promptLength, int maxLength, int n, BlockPool pool)
    {
        int shared = promptLength / pool.BlockSize;
        return shared + (long)n * (pool.BlocksFor(maxLength - 1) - shared);
    }

    /// <summary>Tokens of each of n sequences, prompt included, that the whole pool has blocks for: the inverse of <see cref="BlocksAtMost"/>.</summary>
    public static long LongestThatFits(int promptLength, int n, BlockPool pool)
    {
        int shared = promptLength / pool.BlockSize;
        long blocks = shared + Math.Max(0, pool.Blocks - shared) / n;
        return blocks * pool.BlockSize + 1;
    }
}
