namespace Folio.Grammars;

/// <summary>Where a call returns to, and what called the caller: a stack of which many share the lower part.</summary>
internal sealed class Frame(int id, int returnTo, Frame? below)
{
    public int Id => id;

    public int ReturnTo => returnTo;

    public Frame? Below => below;
}

/// <summary>What one more text character, whichever, leads to.</summary>
internal enum TextStep : byte
{
    Unknown,

    /// <summary>All lead to the same state.</summary>
    Same,

    /// <summary>None is allowed.</summary>
    None,

    /// <summary>It depends on the character.</summary>
    Mixed,
}

/// <summary>All places in a grammar where a text so far may have led: a state of the deterministic automaton that is made as it is needed.</summary>
internal sealed class LazyState(int[] nodes, Frame?[] frames, bool complete, int generation)
{
    /// <summary>[places] nodes that take a byte, ascending.</summary>
    public int[] Nodes => nodes;

    /// <summary>[places] where their rules return to; null: the root, which ends the text.</summary>
    public Frame?[] Frames => frames;

    /// <summary>Whether the text may end here.</summary>
    public bool Complete => complete;

    /// <summary>Which making of the automaton it belongs to.</summary>
    public int Generation => generation;

    /// <summary>The next in the same bucket.</summary>
    public LazyState? Next { get; init; }

    /// <summary>[classes of bytes] what a byte leads to, null: nothing; null until it is needed.</summary>
    public LazyState?[]? Row { get; set; }

    public TextStep Text { get; set; }

    /// <summary>Under <see cref="TextStep.Same"/>.</summary>
    public LazyState? AfterText { get; set; }

    /// <summary>The tokens that must come next; null until they are needed.</summary>
    public int[]? Forced { get; set; }

    /// <summary>Its mask, where computing it costs more than keeping it.</summary>
    public ulong[]? Mask { get; set; }
}
