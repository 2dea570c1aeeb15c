namespace Folio.Grammars;

/// <summary>A regular expression, read.</summary>
internal abstract record RegexNode
{
    internal sealed record Chars(CodeRange[] Ranges) : RegexNode;

    internal sealed record Sequence(IReadOnlyList<RegexNode> Items) : RegexNode;

    internal sealed record Alternatives(IReadOnlyList<RegexNode> Branches) : RegexNode;

    /// <param name="Most">Null: no end.</param>
    internal sealed record Repeat(RegexNode Item, int Least, int? Most) : RegexNode;

    internal sealed record AtStart : RegexNode;

    internal sealed record AtEnd : RegexNode;

    /// <summary>Adds the expression's texts between two states.</summary>
    public void Write(TextAutomaton text, int from, int to)
    {
        switch (this)
        {
            case Chars chars:
                text.Add(from, chars.Ranges, to);
                break;
            case Sequence sequence:
                for (int i = 0; i < sequence.Items.Count; i++)
                {
                    int next = i == sequence.Items.Count - 1 ? to : text.AddState();
                    sequence.Items[i].Write(text, from, next);
                    from = next;
                }

                if (sequence.Items.Count == 0) text.Add(from, null, to);
                break;
            case Alternatives alternatives:
                foreach (RegexNode branch in alternatives.Branches) branch.Write(text, Fork(text, from), to);
                break;
            case Repeat repeat:
                WriteRepeat(repeat, text, from, to);
                break;
            default:
                throw new GrammarException("^ and $ are supported only at the ends of a regular expression and of its outermost alternatives.");
        }
    }

    private static int Fork(TextAutomaton text, int from)
    {
        int state = text.AddState();
        text.Add(from, null, state);
        return state;
    }

    private static void WriteRepeat(Repeat repeat, TextAutomaton text, int from, int to)
    {
        for (int i = 0; i < repeat.Least; i++)
        {
            int next = text.AddState();
            repeat.Item.Write(text, from, next);
            from = next;
        }

        from = Fork(text, from);
        if (repeat.Most is not { } most)
        {
            // A state of its own to come back to: what the item writes there can't leak into its neighbours.
            int back = text.AddState();
            repeat.Item.Write(text, from, back);
            text.Add(back, null, from);
            text.Add(from, null, to);
            return;
        }

        for (int i = repeat.Least; i < most; i++)
        {
            text.Add(from, null, to);
            int next = text.AddState();
            repeat.Item.Write(text, from, next);
            from = next;
        }

        text.Add(from, null, to);
    }
}
