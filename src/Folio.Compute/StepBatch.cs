namespace Folio.Compute;

/// <summary>The ragged batch of one step: sequence s owns the token rows [QueryStarts[s], QueryStarts[s + 1]).</summary>
/// <remarks>
/// Prefill, chunked prefill and decode are all "this sequence runs k tokens". Arrays are reserved once for the largest step;
/// only their first <see cref="Tokens"/>, <see cref="Sequences"/> or <see cref="LogitRows"/> entries count.
/// </remarks>
public sealed class StepBatch(int maxTokens, int maxSequences, int maxBlocksPerSequence)
{
    /// <summary>[tokens] vocabulary ids; below 0, where steps overlap: −1 − the index of the draw before this step whose result it is.</summary>
    public int[] TokenIds { get; } = new int[maxTokens];

    /// <summary>[tokens] position of each token in its sequence, from 0.</summary>
    public int[] Positions { get; } = new int[maxTokens];

    /// <summary>[tokens] where each token's key and value go: block · blockSize + offset.</summary>
    public int[] SlotMapping { get; } = new int[maxTokens];

    /// <summary>
    /// [tokens] length of the sequence for rotary scalings that depend on it (dynamic NTK): the prompt's length for a prompt token, position + 1
    /// for a generated one. A property of the request, never of the chunking, so that answers don't depend on the schedule.
    /// </summary>
    public int[] RopeLengths { get; } = new int[maxTokens];

    /// <summary>[sequences + 1] first token row of each sequence.</summary>
    public int[] QueryStarts { get; } = new int[maxSequences + 1];

    /// <summary>[sequences] tokens whose keys each sequence's last row may read, itself included.</summary>
    public int[] ContextLengths { get; } = new int[maxSequences];

    /// <summary>[sequences, maxBlocksPerSequence] block ids; only the first ⌈context / blockSize⌉ of a row count.</summary>
    public int[] BlockTables { get; } = new int[(long)maxSequences * maxBlocksPerSequence];

    /// <summary>[logit rows] token rows whose logits are wanted, ascending.</summary>
    public int[] LogitRowTokens { get; } = new int[maxTokens];

    /// <summary>Where the step's numbers lie in the backend's memory, set by <see cref="Backend.Run"/>.</summary>
    public StepAddresses Addresses { get; set; }

    /// <summary><see cref="TokenIds"/> of this step.</summary>
    public Indices Ids => new(TokenIds.AsSpan(0, Tokens), Addresses.TokenIds);

    /// <summary><see cref="Positions"/> of this step.</summary>
    public Indices TokenPositions => new(Positions.AsSpan(0, Tokens), Addresses.Positions);

    /// <summary><see cref="SlotMapping"/> of this step.</summary>
    public Indices Slots => new(SlotMapping.AsSpan(0, Tokens), Addresses.SlotMapping);

    /// <summary><see cref="LogitRowTokens"/> of this step.</summary>
    public Indices LogitTokens => new(LogitRowTokens.AsSpan(0, LogitRows), Addresses.LogitRowTokens);

    public int MaxBlocksPerSequence { get; } = maxBlocksPerSequence;

    public int MaxTokens => TokenIds.Length;

    public int MaxSequences => ContextLengths.Length;

    /// <summary>Token rows of this step.</summary>
    public int Tokens { get; private set; }

    /// <summary>Sequences of this step.</summary>
    public int Sequences { get; private set; }

    /// <summary>Rows of logits that this step yields.</summary>
    public int LogitRows { get; private set; }

    public ReadOnlySpan<int> BlockTable(int sequence) => BlockTables.AsSpan(sequence * MaxBlocksPerSequence, MaxBlocksPerSequence);

    public void Clear() => Tokens = Sequences = LogitRows = 0;

    /// <summary>Adds the tokens [start, start + tokens.Length) of one sequence.</summary>
    /// <param name="blockTable">Blocks of the sequence, enough for start + tokens.Length tokens.</param>
    /// <param name="promptLength">Tokens of the request's prompt (see <see cref="RopeLengths"/>).</param>
    /// <returns>The index of the sequence's first token row.</returns>
    public int Add(ReadOnlySpan<int> tokens, int start, ReadOnlySpan<int> blockTable, int blockSize, int promptLength)
    {
        int first = Tokens;
        tokens.CopyTo(TokenIds.AsSpan(first));
        for (int i = 0; i < tokens.Length; i++)
        {
            int position = start + i;
            Positions[first + i] = position;
            RopeLengths[first + i] = Math.Max(promptLength, position + 1);
            SlotMapping[first + i] = blockTable[position / blockSize] * blockSize + position % blockSize;
        }

        blockTable.CopyTo(BlockTables.AsSpan(Sequences * MaxBlocksPerSequence, MaxBlocksPerSequence));
        ContextLengths[Sequences] = start + tokens.Length;
        QueryStarts[Sequences] = first;
        QueryStarts[++Sequences] = Tokens = first + tokens.Length;
        return first;
    }

    /// <summary>Asks for the logits of a token row. Rows must be asked for in ascending order.</summary>
    /// <returns>The row of the logits that holds them.</returns>
    public int WantLogits(int tokenRow)
    {
        LogitRowTokens[LogitRows] = tokenRow;
        return LogitRows++;
    }
}

/// <summary>Addresses of a step's numbers in a backend's memory; zeros where the host's own memory is the backend's.</summary>
public readonly record struct StepAddresses(nint TokenIds, nint Positions, nint SlotMapping, nint LogitRowTokens);
