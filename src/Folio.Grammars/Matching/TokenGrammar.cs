namespace Folio.Grammars;

/// <summary>Where a text stands in a grammar: a value, so a copy is a fork. Of one <see cref="TokenGrammar"/>, and worth nothing elsewhere.</summary>
public readonly struct GrammarState
{
    internal GrammarState(LazyState? place) => Place = place;

    /// <summary>False: the default, which stands nowhere.</summary>
    public bool IsStarted => Place is not null;

    internal LazyState? Place { get; }
}

/// <summary>A grammar over one vocabulary: which tokens may come next. Belongs to one thread at a time; grammar and vocabulary may be shared by any number of these.</summary>
/// <remarks>
/// A mask is the union of what two trees of tokens allow (<see cref="TokenVocabulary"/>): in a state that takes any text, that tree's part is one bitmap; else the trees are walked, and
/// subtrees that begin with a forbidden byte are jumped over. States, transitions and expensive masks are kept (in bounded memory), so what comes again allocates nothing.
/// </remarks>
public sealed class TokenGrammar
{
    private const int WorthKeeping = 1500;   // trie nodes that computing a mask has visited
    private const long KeptBytes = 8L << 20; // of masks
    private const int MostForced = 512;      // bytes
    private const int WorthLooking = 64;     // trie nodes of a subtree, to find out whether all of it is allowed

    private readonly LazyAutomaton _automaton;
    private readonly TokenVocabulary _vocabulary;
    private readonly LazyState?[] _keepers;  // ring of states that have a mask
    private readonly LazyState[] _path;      // [depth of the trees + 1]
    private int _nextKeeper;

    public TokenGrammar(CompiledGrammar grammar, TokenVocabulary vocabulary)
    {
        _automaton = new(grammar);
        _vocabulary = vocabulary;
        _keepers = new LazyState?[Math.Max(4, KeptBytes / (8L * Math.Max(1, vocabulary.MaskWords)))];
        _path = new LazyState[Math.Max(vocabulary.Text.DeepestDepth, vocabulary.Others.DeepestDepth) + 1];
    }

    public TokenVocabulary Vocabulary => _vocabulary;

    /// <summary>Before the first token.</summary>
    public GrammarState Start => new(_automaton.Start);

    /// <summary>Whether the text may end here: the end-of-sequence token is allowed.</summary>
    public static bool IsComplete(GrammarState state) => state.Place is { Complete: true };

    /// <summary>Whether the text must end here.</summary>
    public static bool IsFinal(GrammarState state) => state.Place is { Complete: true, Nodes.Length: 0 };

    /// <summary>Goes on by a token.</summary>
    /// <returns>False, and nothing has changed, if the grammar doesn't allow it; a token without bytes it never does.</returns>
    /// <exception cref="GrammarException">The grammar is too ambiguous to be followed.</exception>
    public bool TryAccept(ref GrammarState state, int token)
    {
        ReadOnlySpan<byte> bytes = _vocabulary.Bytes(token);
        return !bytes.IsEmpty && TryAccept(ref state, bytes);
    }

    /// <summary>Goes on by a text.</summary>
    public bool TryAccept(ref GrammarState state, ReadOnlySpan<byte> text)
    {
        LazyState? place = Open(state);
        foreach (byte value in text)
        {
            place = _automaton.Step(place, value);
            if (place is null) return false;
        }

        state = new(place);
        return true;
    }

    /// <summary>Tokens of the text that is the only way on, as the tokenizer splits it; none where there is a choice, or the text may end.</summary>
    /// <remarks>Unless the text ends behind it, its last token isn't among them: a model may take one that reaches further. Of a mark it can't.</remarks>
    /// <exception cref="GrammarException">The grammar is too ambiguous to be followed.</exception>
    public ReadOnlySpan<int> Forced(GrammarState state)
    {
        LazyState place = Open(state);
        return place.Forced ??= ForcedTokens(place);
    }

    /// <summary>Sets the bits of the tokens that may come next, and clears all others. The end-of-sequence token isn't among them: see <see cref="IsComplete"/>.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="mask">[<see cref="TokenVocabulary.MaskWords"/>]</param>
    /// <returns>Whether any token is allowed.</returns>
    /// <exception cref="GrammarException">The grammar is too ambiguous to be followed.</exception>
    public bool FillMask(GrammarState state, Span<ulong> mask)
    {
        LazyState place = Open(state);
        mask = mask[.._vocabulary.MaskWords];
        if (place.Mask is { } kept)
        {
            kept.CopyTo(mask);
            return mask.ContainsAnyExcept(0UL);
        }

        int visited = 0, run = _vocabulary.LongestTextToken == 0 ? 0 : TextRuns.Length(_automaton, place, _vocabulary.LongestTextToken);
        if (run < 0)
        {
            mask.Clear();
            visited = Walk(_vocabulary.Text, place, mask, text: true);
        }
        else
        {
            _vocabulary.TextUpTo(run).CopyTo(mask);
        }

        visited += Walk(_vocabulary.Others, place, mask, text: false);
        if (visited >= WorthKeeping) Keep(place, mask);
        return mask.ContainsAnyExcept(0UL);
    }

    private LazyState Open(GrammarState state)
    {
        _automaton.Work = 0;
        _automaton.Trim();
        return _automaton.Current(state.Place ?? throw new InvalidOperationException("the state was never started"));
    }

    /// <returns>Nodes looked at.</returns>
    private int Walk(TokenTrie trie, LazyState from, Span<ulong> mask, bool text)
    {
        byte[] classOf = _automaton.ClassOf, label = trie.Label;
        LazyState[] path = _path;
        path[0] = from;
        int visited = 0, node = 0;
        while (node < label.Length)
        {
            visited++;
            int depth = trie.Depth[node], end = trie.End[node];
            LazyState above = path[depth];
            LazyState? place = (above.Row ?? _automaton.Row(above))[classOf[label[node]]];
            if (place is null)
            {
                node = end;
                continue;
            }

            bool all = text && end - node >= WorthLooking && TextRuns.Loops(_automaton, place);
            int last = trie.First[all ? end : node + 1];
            for (int i = trie.First[node]; i < last; i++)
            {
                int token = trie.Tokens[i];
                mask[token >> 6] |= 1UL << (token & 63);
            }

            path[depth + 1] = place;
            node = all ? end : node + 1;
        }

        return visited;
    }

    private int[] ForcedTokens(LazyState place)
    {
        Span<byte> bytes = stackalloc byte[MostForced];
        int count = 0;
        while (count < bytes.Length && !place.Complete && OnlyByte(place) is { } only)
        {
            bytes[count++] = (byte)only;
            place = _automaton.Step(place, (byte)only)!;
        }

        int[] tokens = _vocabulary.Split(bytes[..count]);
        if (!IsFinal(new(place)) && tokens.Length > 0 && _vocabulary.Bytes(tokens[^1])[0] != MarkBytes.Begin) tokens = tokens[..^1];
        _automaton.Hold(tokens.Length * sizeof(int));
        return tokens;
    }

    private int? OnlyByte(LazyState place)
    {
        LazyState?[] row = _automaton.Row(place);
        byte[] classOf = _automaton.ClassOf;
        int? only = null;
        for (int value = 0; value < 256; value++)
        {
            if (row[classOf[value]] is null) continue;
            if (only is not null) return null;
            only = value;
        }

        return only;
    }

    /// <summary>Keeps a mask, at the cost of the one that was kept longest.</summary>
    private void Keep(LazyState place, ReadOnlySpan<ulong> mask)
    {
        ref LazyState? keeper = ref _keepers[_nextKeeper];
        ulong[] kept = keeper?.Mask ?? new ulong[mask.Length];
        if (keeper is not null) keeper.Mask = null;
        mask.CopyTo(kept);
        place.Mask = kept;
        keeper = place;
        _nextKeeper = (_nextKeeper + 1) % _keepers.Length;
    }
}
