namespace Folio.Grammars;

/// <summary>Regular expressions as languages.</summary>
/// <remarks>
/// Supported: literals; . (not a line's end); classes with ranges, negation and \d \w \s \D \W \S \p{L} (general categories); groups (capturing, named, (?:…)); | * + ? {m} {m,} {m,n}
/// (lazy forms too: they choose the same texts); ^ and $ at the ends; escapes \t \n \r \f \v \0 \xHH \uHHHH \u{H…} \cX. \d and \w are ASCII, \s is ECMA-262's.
/// Refused by name: backreferences, lookarounds, \b, possessive and atomic forms, inline flags.
/// </remarks>
internal static class RegexPattern
{
    /// <summary>The texts that the expression matches as a whole.</summary>
    public static TextAutomaton Whole(string pattern, Budget budget)
    {
        RegexNode node = RegexParser.Parse(pattern, budget);
        return Write(Anchored(node, search: false), budget);
    }

    /// <summary>The texts in which the expression matches somewhere: JSON schema's <c>pattern</c>.</summary>
    public static TextAutomaton Anywhere(string pattern, Budget budget)
    {
        RegexNode node = RegexParser.Parse(pattern, budget);
        return Write(Anchored(node, search: true), budget);
    }

    private static TextAutomaton Write(RegexNode node, Budget budget)
    {
        var text = new TextAutomaton(budget);
        int end = text.AddState();
        text.End = end;
        node.Write(text, text.Start, end);
        return text;
    }

    /// <summary>Takes ^ and $ away from the ends of the outermost alternatives; where they are missing and the expression is searched for, any text may stand.</summary>
    private static RegexNode Anchored(RegexNode node, bool search)
    {
        if (node is RegexNode.Alternatives alternatives) return new RegexNode.Alternatives([.. alternatives.Branches.Select(branch => Anchored(branch, search))]);
        List<RegexNode> items = node is RegexNode.Sequence sequence ? [.. sequence.Items] : [node];
        if (items is [RegexNode.Alternatives or RegexNode.Sequence]) return Anchored(items[0], search);
        bool start = false, end = false;
        while (items is [RegexNode.AtStart, ..])
        {
            items.RemoveAt(0);
            start = true;
        }

        while (items is [.., RegexNode.AtEnd])
        {
            items.RemoveAt(items.Count - 1);
            end = true;
        }

        var any = new RegexNode.Repeat(new RegexNode.Chars(CodeRanges.All), 0, null);
        if (search && !start) items.Insert(0, any);
        if (search && !end) items.Add(any);
        return new RegexNode.Sequence(items);
    }
}
