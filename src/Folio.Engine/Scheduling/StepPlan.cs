using Folio.Compute;
using Folio.Paging;

namespace Folio.Engine;

/// <summary>The tokens [Start, Start + Count) of one sequence, to be computed in one step.</summary>
internal struct ScheduledTokens
{
    public Sequence Sequence;
    public int Start;
    public int Count;

    /// <summary>Tokens and copies that there were before this was planned: taken back when it is withdrawn.</summary>
    public int TokensBefore;
    public int CopiesBefore;

    /// <summary>Logit rows [PromptRow, PromptRow + PromptRows) hold the prompt positions from PromptStart on, whose log-probabilities are wanted.</summary>
    public int PromptRow;
    public int PromptStart;
    public int PromptRows;

    /// <summary>They are what a sequence has gained last, and no part of a prompt, nor of what is computed again.</summary>
    public readonly bool AreDecoded => Start >= Sequence.Group.PromptLength && Count <= Sequence.Ahead;
}

/// <summary>One token to be drawn, and what was drawn.</summary>
internal struct PlannedSample
{
    public Sequence Sequence;

    /// <summary>The row of the logits. The n first tokens of a group come from one row, so neighbours may share it.</summary>
    public int Row;

    /// <summary>The id drawn; −1: the row has no number to draw from.</summary>
    public int Token;

    public PositionLogprobs? Logprobs;
}

/// <summary>Who runs in a step, how many tokens each, and what is read from the result. Plans are filled anew, by turns.</summary>
internal sealed class StepPlan
{
    private readonly ScheduledTokens[] _scheduled;
    private readonly PlannedSample[] _samples;
    private readonly int _blockSize;
    private readonly int _maxLogitRows;
    private readonly CopyList[] _swapOuts = new CopyList[2]; // [tiers]
    private readonly CopyList[] _swapIns = new CopyList[2];  // [tiers]
    private int _scheduledCount;
    private int _sampleCount;

    /// <param name="limits">Tokens, sequences and logit rows of a step at most.</param>
    /// <param name="maxBlocksPerSequence">Blocks of the longest sequence.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    public StepPlan(StepLimits limits, int maxBlocksPerSequence, int blockSize)
    {
        int sequences = Math.Min(limits.Sequences, limits.Tokens); // each has a token at least
        _scheduled = new ScheduledTokens[sequences];
        _samples = new PlannedSample[limits.Sequences];
        _blockSize = blockSize;
        _maxLogitRows = limits.LogitRows;
        Batch = new StepBatch(limits.Tokens, sequences, maxBlocksPerSequence);
        Copies = new CopyList(limits.Sequences);
        for (int tier = 0; tier < _swapOuts.Length; tier++) (_swapOuts[tier], _swapIns[tier]) = (new CopyList(1), new CopyList(1));
    }

    public StepBatch Batch { get; }

    /// <summary>Copy-on-write, before anything reads.</summary>
    public CopyList Copies { get; }

    /// <summary>Blocks that leave for a swap tier, before anything else.</summary>
    public CopyList SwapOuts(SwapTier tier) => _swapOuts[(int)tier];

    /// <summary>Blocks that come back. No step has both.</summary>
    public CopyList SwapIns(SwapTier tier) => _swapIns[(int)tier];

    public bool SwapsOut => _swapOuts[0].Count + _swapOuts[1].Count > 0;

    public bool SwapsIn => _swapIns[0].Count + _swapIns[1].Count > 0;

    public ReadOnlySpan<ScheduledTokens> Scheduled => _scheduled.AsSpan(0, _scheduledCount);

    public Span<PlannedSample> Samples => _samples.AsSpan(0, _sampleCount);

    /// <summary>When it was launched beside the host, as a <see cref="System.Diagnostics.Stopwatch"/> timestamp.</summary>
    public long LaunchedAt { get; set; }

    /// <summary>What is left of the token budget.</summary>
    public int TokensLeft { get; private set; }

    /// <summary>What is left of the rows of logits.</summary>
    public int RowsLeft { get; private set; }

    public bool IsEmpty => _scheduledCount == 0;

    public void Clear()
    {
        Array.Clear(_samples, 0, _sampleCount); // let go of what finished
        _scheduledCount = _sampleCount = 0;
        TokensLeft = Batch.MaxTokens;
        RowsLeft = _maxLogitRows;
        Copies.Truncate(0);
        foreach (CopyList copies in _swapOuts) copies.Truncate(0);
        foreach (CopyList copies in _swapIns) copies.Truncate(0);
        Batch.Clear();
    }

    /// <summary>How many tokens of the sequence this step can still take: up to its end, or to the prompt's where others must fork it first.</summary>
    /// <param name="sequence">Whose.</param>
    /// <param name="most">Tokens that it may have at most.</param>
    /// <param name="rows">Rows of logits that it may have at most.</param>
    public static int Room(Sequence sequence, int most, int rows)
    {
        SequenceGroup group = sequence.Group;
        int start = sequence.Computed;
        int last = !group.Forked && group.Alive > 1 ? group.PromptLength : group.TakesLastTokenAlone ? sequence.Length : sequence.Length - 1;
        int end = Math.Min(last, start + most);
        if (LogitRows(sequence, start, end) > rows)
        {
            int lastPromptRow = PromptStart(group, start) + rows;
            end = Math.Min(end, lastPromptRow < group.PromptLength - 1 ? lastPromptRow : sequence.Length - 1);
        }

        return end - start;
    }

    public void Add(Sequence sequence, int count, int tokensBefore, int copiesBefore)
    {
        int start = sequence.Computed - count;
        _scheduled[_scheduledCount++] = new() { Sequence = sequence, Start = start, Count = count, TokensBefore = tokensBefore, CopiesBefore = copiesBefore };
        TokensLeft -= count;
        RowsLeft -= LogitRows(sequence, start, start + count);
    }

    /// <summary>Lengthens what was planned for a sequence, whose table has got the slots already.</summary>
    /// <param name="index">Of the scheduled.</param>
    /// <param name="count">More tokens.</param>
    public void Extend(int index, int count)
    {
        ref ScheduledTokens tokens = ref _scheduled[index];
        int end = tokens.Start + tokens.Count;
        TokensLeft -= count;
        RowsLeft -= LogitRows(tokens.Sequence, end, end + count);
        tokens.Count += count;
    }

    /// <summary>Takes back what was planned for this group, the last that was planned for, and the slots that its tables got for it.</summary>
    public void Withdraw(SequenceGroup group)
    {
        while (_scheduledCount > 0 && _scheduled[_scheduledCount - 1].Sequence.Group == group)
        {
            ref ScheduledTokens last = ref _scheduled[--_scheduledCount];
            TokensLeft += last.Count;
            RowsLeft += LogitRows(last.Sequence, last.Start, last.Start + last.Count);
            TakeBack(last);
        }
    }

    /// <summary>Takes back all that was planned, and the slots that tables got for it.</summary>
    public void TakeBack()
    {
        for (int i = _scheduledCount - 1; i >= 0; i--) TakeBack(_scheduled[i]);
    }

    private void TakeBack(in ScheduledTokens tokens)
    {
        BlockTable table = tokens.Sequence.Table;
        table.Unindex(tokens.Start);
        table.Retract(tokens.TokensBefore, Copies, tokens.CopiesBefore);
    }

    /// <summary>Lays the batch out.</summary>
    public void Build()
    {
        for (int i = 0; i < _scheduledCount; i++)
        {
            ref ScheduledTokens tokens = ref _scheduled[i];
            Sequence sequence = tokens.Sequence;
            SequenceGroup group = sequence.Group;
            int end = tokens.Start + tokens.Count;
            int first = Batch.Add(sequence.Tokens(tokens.Start, tokens.Count), tokens.Start, sequence.Table.Blocks, _blockSize, group.PromptLength);

            tokens.PromptStart = PromptStart(group, tokens.Start);
            tokens.PromptRows = Math.Max(0, Math.Min(end, group.PromptLength - 1) - tokens.PromptStart);
            tokens.PromptRow = Batch.LogitRows;
            for (int row = 0; row < tokens.PromptRows; row++) Batch.WantLogits(first + tokens.PromptStart - tokens.Start + row);

            if (end == sequence.Length && group.DrawsTokens) AddSamples(sequence, Batch.WantLogits(first + tokens.Count - 1));
        }
    }

    /// <summary>A prompt that ends yields the first token of each of its group's sequences.</summary>
    private void AddSamples(Sequence sequence, int row)
    {
        SequenceGroup group = sequence.Group;
        if (group.Forked || group.Alive == 1)
        {
            _samples[_sampleCount++] = new() { Sequence = sequence, Row = row };
            return;
        }

        foreach (Sequence sibling in group.Sequences)
        {
            if (!sibling.Finished) _samples[_sampleCount++] = new() { Sequence = sibling, Row = row };
        }
    }

    /// <summary>Rows of logits that computing the tokens [start, end) yields.</summary>
    private static int LogitRows(Sequence sequence, int start, int end)
    {
        SequenceGroup group = sequence.Group;
        int promptRows = Math.Max(0, Math.Min(end, group.PromptLength - 1) - PromptStart(group, start));
        return promptRows + (end == sequence.Length && group.DrawsTokens ? 1 : 0);
    }

    private static int PromptStart(SequenceGroup group, int start) => Math.Max(start, group.PromptLogprobsDone);
}
