using Folio.Paging;

namespace Folio.Engine;

internal enum GroupState
{
    /// <summary>Made, and not yet taken in by the loop.</summary>
    Arriving,

    /// <summary>A newcomer; holds no blocks.</summary>
    Waiting,

    Running,

    /// <summary>Was running and will be again. Holds no blocks, or blocks of a swap tier.</summary>
    Preempted,

    /// <summary>A prefix whose blocks are kept; takes part in no step.</summary>
    Pinned,

    Finished,
}

/// <summary>One request as the scheduler sees it: its n sequences, which run and are preempted together (the paper's sequence group).</summary>
/// <remarks>
/// The prompt is computed once, by the leader (the first unfinished sequence); at its end the others fork the leader's blocks. A group that is recomputed begins again as
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
        Grammar = request.Grammar;
        PromptLogprobs = sampling.PromptLogprobs is null ? null : new PositionLogprobs?[PromptLength];
        PromptLogprobsDone = PromptLogprobs is null ? PromptLength : 0;
        Sequences = new Sequence[sampling.Width];
        for (int i = 0; i < Sequences.Length; i++) Sequences[i] = new(this, i, request.Prompt.Span, pool, unchecked(seed + (ulong)i));
        Alive = Sequences.Length;
        Priority = request.Priority;
        Tenant = request.Tenant;
        Salt = request.CacheSalt;
        Beams = sampling.UseBeamSearch ? new(this) : null;
        DrawsWithoutHost = Grammar is null && Processors is null && Beams is null && sampling is { Logprobs: null, Ranks: false };
        JumpsAhead = Grammar is not null && sampling is { UseBeamSearch: false, Logprobs: null, Ranks: false } && Processors is not { ChoosesIds: true };
    }

    public SamplingParams Sampling { get; }

    /// <summary>[width]</summary>
    public Sequence[] Sequences { get; }

    public int PromptLength { get; }

    public int MaxLength { get; }

    /// <summary>Ids that end a sequence without being named as its stop reason; empty where they are ignored.</summary>
    public int[] EndIds { get; }

    public int[] StopIds { get; }

    /// <summary>Whether the token itself ends an answer. One may also stop because its grammar lets nothing follow: that last token is text like any other.</summary>
    public bool Ends(int token) => EndIds.Contains(token) || StopIds.Contains(token);

    /// <summary>What the host does to the logits; null: nothing.</summary>
    public LogitsProcessors? Processors { get; }

    /// <summary>What its answers must obey; null: nothing.</summary>
    public RequestGrammar? Grammar { get; }

    /// <summary>Whether text that the grammar forces is appended at once, to be computed in one step; not where each of its tokens is weighed.</summary>
    public bool JumpsAhead { get; }

    /// <summary>Whether its tokens are drawn by the backend alone: there are no masks, penalties, log-probabilities or beams, which are the host's part.</summary>
    public bool DrawsWithoutHost { get; }

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

    /// <summary>Its place among all that have come.</summary>
    public long Arrival { get; set; }

    /// <summary>Its place among all that were admitted, where the policy counts them.</summary>
    public long Admission { get; set; } = long.MaxValue;

    public int Priority { get; }

    public string Tenant { get; }

    /// <summary>Its tenant's, where the policy keeps one.</summary>
    public FairPolicy.Tenant? Account { get; set; }

    /// <summary>What it shares cached prefixes by; null, of pins alone: everybody finds it.</summary>
    public string? Salt { get; init; }

    /// <summary>Whose cached prefixes it may use: its salt, as the prefix index numbers it.</summary>
    public int Namespace { get; set; }

    /// <summary>It only computes its prompt, whose blocks are then kept.</summary>
    public bool IsPin { get; init; }

    /// <summary>Makes an embedding of its prompt, after which it ends; null: it is to be continued, or pinned.</summary>
    public PromptPooling? Pooling { get; init; }

    /// <summary>Whether its prompt's end yields a token.</summary>
    public bool DrawsTokens => !IsPin && Pooling is null;

    /// <summary>Where its blocks are while it is swapped out.</summary>
    public SwapTier? Tier { get; set; }

    /// <summary>Left when it first runs, or ends before that.</summary>
    public WaitingRoom? WaitingRoom { get; set; }

    /// <summary>Sequences that have not finished.</summary>
    public int Alive { get; set; }

    /// <summary>Whether the prompt is computed and every living sequence has its own table.</summary>
    public bool Forked { get; set; }

    public PreemptionTally Preempted { get; set; }

    public int Preemptions => Preempted.Count;

    /// <summary>Prompt tokens that the prefix cache had when the group was first admitted.</summary>
    public int CachedTokens { get; set; }

    /// <summary>Of those, the ones that were read from disk.</summary>
    public int StoredTokens { get; set; }

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
    public bool Runs(Sequence sequence) => !sequence.Finished && !sequence.AwaitsLast && (Forked || sequence == Leader);

    /// <summary>Tokens at the beginning of a sequence that may come from the prefix cache: at least one is left to compute.</summary>
    /// <remarks>The last known token yields the next one's logits; a prompt that others fork, or whose log-probabilities are wanted, is computed to its end, and of one that is embedded every token whose state counts; beams take their last token together.</remarks>
    public int MayMatch(Sequence sequence)
    {
        if (PromptLogprobsDone < PromptLength - 1) return 0;
        if (Pooling is not null) return Math.Min(Pooling.MayMatch, PromptLength - 1);
        if (!Forked && Alive > 1) return PromptLength - 1;
        return sequence.Length - (TakesLastTokenAlone ? 1 : 2);
    }

    /// <summary>Decode tokens that the group asks a step for: those that each sequence which has all others in the cache has gained last; of beams all at once, or none.</summary>
    public int Decodes()
    {
        int ready = 0;
        foreach (Sequence sequence in Sequences)
        {
            if (Runs(sequence) && sequence.Decodes) ready += sequence.Length - sequence.Computed;
        }

        return !TakesLastTokenAlone && ready < Alive ? 0 : ready;
    }

    /// <summary>Whether a sequence has more to compute than what it has gained last.</summary>
    public bool Prefills()
    {
        foreach (Sequence sequence in Sequences)
        {
            if (Runs(sequence) && !sequence.Decodes) return true;
        }

        return false;
    }

    /// <summary>Whether a sequence takes its last known token as soon as the others are in the cache. Beams are chosen among each other, so they take theirs in one step.</summary>
    public bool TakesLastTokenAlone => Beams is null || !Forked;

    /// <summary>Blocks that the group takes beyond those that it holds, until each of its sequences has computed its tokens so far and so many more, or ended.</summary>
    /// <remarks>Those that the prompt fills are the leader's to take; the others share them.</remarks>
    public int BlocksToTake(int tokens, BlockPool pool)
    {
        int blocks = 0, shared = PromptLength / pool.BlockSize;
        Sequence? leader = null;
        foreach (Sequence sequence in Sequences)
        {
            if (sequence.Finished) continue;
            leader ??= sequence;
            int held = sequence.Table.Blocks.Length, most = pool.BlocksFor(Math.Min(sequence.Length + tokens, MaxLength));
            blocks += Math.Max(0, most - (sequence == leader ? held : Math.Max(held, shared)));
        }

        return blocks;
    }

    /// <summary>Blocks that the group takes when all of its sequences have their full length.</summary>
    public long BlocksAtMost(BlockPool pool) => BlocksAtMost(PromptLength, MaxLength, Sequences.Length, pool);

    /// <summary>Blocks that n sequences of full length take: those that the prompt fills are shared. The last token of a sequence is never computed.</summary>
    public static long BlocksAtMost(int promptLength, int maxLength, int n, BlockPool pool)
    {
        int shared = promptLength / pool.BlockSize;
        return shared + (long)n * (pool.BlocksFor(maxLength - 1) - shared);
    }

    /// <summary>Tokens of each of n sequences, prompt included, that so many blocks hold: the inverse of <see cref="BlocksAtMost"/>.</summary>
    public static long LongestThatFits(int promptLength, int n, int blocks, int blockSize)
    {
        int shared = promptLength / blockSize;
        return (shared + (long)Math.Max(0, blocks - shared) / n) * blockSize + 1;
    }
}
