using Folio.Paging;

namespace Folio.Engine;

/// <summary>One continuation of a prompt: its tokens, and where the keys and values of those already computed lie.</summary>
internal sealed class Sequence
{
    /// <summary>Output tokens that there is room for from the start; beyond, arrays double as they fill.</summary>
    private const int ReservedOutput = 256;

    private int[] _tokens;

    public Sequence(SequenceGroup group, int index, ReadOnlySpan<int> prompt, BlockPool pool, ulong seed)
    {
        Group = group;
        Index = index;
        Seed = seed;
        Table = new BlockTable(pool);
        _tokens = new int[Math.Min(group.MaxLength, prompt.Length + ReservedOutput)];
        Table.Reserve(pool.BlocksFor(_tokens.Length));
        prompt.CopyTo(_tokens);
        Length = prompt.Length;
        OutputCounts = group.Processors is { CountsOutput: true } ? [] : null;
        Grammar = group.Grammar is { } grammar ? new(grammar.Tokens) : null;
    }

    public SequenceGroup Group { get; }

    /// <summary>Which of the request's n sequences.</summary>
    public int Index { get; }

    /// <summary>The seed of its draws.</summary>
    public ulong Seed { get; }

    public BlockTable Table { get; }

    /// <summary>Its blocks in the group's swap tier; null unless it is swapped out.</summary>
    public BlockTable? Swapped { get; set; }

    /// <summary>Prompt and output, in tokens.</summary>
    public int Length { get; private set; }

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int Computed => Table.Tokens;

    /// <summary>Tokens at its end that were appended together: one that was drawn, and with it what its grammar forced.</summary>
    public int Ahead { get; private set; } = 1;

    /// <summary>Whether all but those are in the cache: what is left to compute is its turn to speak, and no prompt.</summary>
    public bool Decodes => Length - Computed <= Ahead;

    public ReadOnlySpan<int> Output => _tokens.AsSpan(Group.PromptLength, OutputLength);

    public int OutputLength => Length - Group.PromptLength;

    /// <summary>How often each id stands in the output; null where no penalty asks.</summary>
    public Dictionary<int, int>? OutputCounts { get; }

    /// <summary>Where its output stands in the request's grammar; null: there is none. A function of the output alone.</summary>
    public SequenceGrammar? Grammar { get; }

    /// <summary>Whether its last token is still being drawn, so that a placeholder stands for it.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whether that is the last that it may have: it takes part in no further step.</summary>
    public bool AwaitsLast => IsPending && Length >= Group.MaxLength;

    public bool Finished { get; set; }

    public ReadOnlySpan<int> Tokens(int start, int count) => _tokens.AsSpan(start, count);

    /// <summary>Lets go of its blocks, wherever they are.</summary>
    public void FreeBlocks()
    {
        Table.Free();
        Swapped?.Free();
        Swapped = null;
    }

    /// <summary>Goes on as a sibling does: with its tokens, and sharing its blocks instead of its own. Can't fail.</summary>
    public void Become(Sequence sibling)
    {
        Table.Free();
        Table.ForkFrom(sibling.Table);
        if (_tokens.Length < sibling.Length) Array.Resize(ref _tokens, sibling._tokens.Length);
        sibling.Output.CopyTo(_tokens.AsSpan(Group.PromptLength));
        Length = sibling.Length;
        Grammar?.Become(sibling.Grammar!);
        if (OutputCounts is null) return;
        OutputCounts.Clear();
        foreach ((int id, int count) in sibling.OutputCounts!) OutputCounts.Add(id, count);
    }

    /// <param name="token">The token.</param>
    /// <param name="isForced">It follows from the one before, in the same step.</param>
    public void Append(int token, bool isForced = false)
    {
        Ahead = isForced ? Ahead + 1 : 1;
        if (Length == _tokens.Length) Array.Resize(ref _tokens, (int)Math.Min(Group.MaxLength, _tokens.Length * 2L));
        _tokens[Length++] = token;
        Grammar?.Advance(token);
        if (OutputCounts is not null) OutputCounts[token] = OutputCounts.GetValueOrDefault(token) + 1;
    }

    /// <summary>Gains the place of a token that is still being drawn: the next step can be planned for it. Not where anything but its being there depends on it.</summary>
    /// <param name="draw">The index of its draw in its step.</param>
    public void Expect(int draw)
    {
        if (IsPending) throw new InvalidOperationException("two tokens of a sequence can't be drawn at once");
        Append(-1 - draw);
        IsPending = true;
    }

    /// <summary>The token that was expected.</summary>
    public void Resolve(int token)
    {
        _tokens[Length - 1] = token;
        IsPending = false;
    }
}
