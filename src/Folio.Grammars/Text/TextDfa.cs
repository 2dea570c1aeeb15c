namespace Folio.Grammars;

/// <summary>A deterministic automaton over classes of characters: what intersections and complements are made of.</summary>
internal sealed class TextDfa
{
    private readonly int[] _borders;          // [classes] the first character of each
    private readonly List<int[]> _next = [];  // [states][classes]
    private readonly List<bool> _accepts = [];

    private TextDfa(int[] borders) => _borders = borders;

    /// <summary>The texts that all of the first and none of the second have.</summary>
    /// <exception cref="GrammarException">The table would be too large.</exception>
    public static TextAutomaton Combine(IReadOnlyList<TextAutomaton> all, IReadOnlyList<TextAutomaton> none, Budget budget)
    {
        if (all.Count == 0) all = [TextAutomaton.OfLength(0, null, budget)];
        int[] borders = Borders(all.Concat(none));
        TextDfa result = Determinize(all[0], borders, budget);
        foreach (TextAutomaton text in all.Skip(1)) result = Intersect(result, Determinize(text, borders, budget), complement: false, budget);
        foreach (TextAutomaton text in none) result = Intersect(result, Determinize(text, borders, budget), complement: true, budget); // one may be among the first too
        return result.ToAutomaton(budget);
    }

    private static int[] Borders(IEnumerable<TextAutomaton> texts)
    {
        var borders = new SortedSet<int> { 0, 0xD800, 0xE000 };
        foreach (TextAutomaton.Edge edge in texts.SelectMany(text => text.Edges))
        {
            foreach (CodeRange range in edge.Chars ?? [])
            {
                borders.Add(range.Low);
                if (range.High < CodeRanges.Highest) borders.Add(range.High + 1);
            }
        }

        return [.. borders];
    }

    private static TextDfa Determinize(TextAutomaton text, int[] borders, Budget budget)
    {
        var dfa = new TextDfa(borders);
        var known = new Dictionary<string, int>();
        var sets = new List<int[]>();
        HashSet<int> first = [text.Start];
        text.Follow(first);
        StateOf(first);
        for (int state = 0; state < sets.Count; state++)
        {
            var targets = new HashSet<int>?[borders.Length];
            foreach (int member in sets[state])
            {
                foreach (TextAutomaton.Edge edge in text.From(member))
                {
                    foreach (CodeRange range in edge.Chars ?? [])
                    {
                        for (int symbol = Array.BinarySearch(borders, range.Low); symbol < borders.Length && borders[symbol] <= range.High; symbol++)
                        {
                            budget.Spend();
                            (targets[symbol] ??= []).Add(edge.To);
                        }
                    }
                }
            }

            int[] row = new int[borders.Length];
            for (int symbol = 0; symbol < row.Length; symbol++)
            {
                HashSet<int> target = targets[symbol] ?? [];
                text.Follow(target);
                row[symbol] = StateOf(target);
            }

            dfa._next[state] = row;
        }

        return dfa;

        int StateOf(HashSet<int> set)
        {
            int[] sorted = [.. set.Order()];
            budget.Spend(sorted.Length + 1);
            string key = string.Join(',', sorted);
            if (known.TryGetValue(key, out int state)) return state;
            known[key] = state = dfa.AddState(set.Contains(text.End), budget);
            sets.Add(sorted);
            return state;
        }
    }

    private static TextDfa Intersect(TextDfa a, TextDfa b, bool complement, Budget budget)
    {
        var dfa = new TextDfa(a._borders);
        var known = new Dictionary<(int, int), int>();
        var pairs = new List<(int A, int B)>();
        StateOf((0, 0));
        for (int state = 0; state < pairs.Count; state++)
        {
            var row = new int[a._borders.Length];
            for (int symbol = 0; symbol < row.Length; symbol++) row[symbol] = StateOf((a._next[pairs[state].A][symbol], b._next[pairs[state].B][symbol]));
            dfa._next[state] = row;
        }

        return dfa;

        int StateOf((int A, int B) pair)
        {
            budget.Spend();
            if (known.TryGetValue(pair, out int state)) return state;
            known[pair] = state = dfa.AddState(a._accepts[pair.A] && b._accepts[pair.B] != complement, budget);
            pairs.Add(pair);
            return state;
        }
    }

    private int AddState(bool accepts, Budget budget)
    {
        if ((long)(_next.Count + 1) * _borders.Length > budget.Limits.MaxTable)
            throw new GrammarException($"combining patterns needs a table of more than {budget.Limits.MaxTable} entries; simpler patterns are needed.");
        _next.Add([]);
        _accepts.Add(accepts);
        return _next.Count - 1;
    }

    private TextAutomaton ToAutomaton(Budget budget)
    {
        bool[] leads = Leading();
        var text = new TextAutomaton(budget);
        while (text.States <= _next.Count) text.AddState();
        text.End = _next.Count;
        for (int state = 0; state < _next.Count; state++)
        {
            if (_accepts[state]) text.Add(state, null, text.End);
            foreach (IGrouping<int, int> symbols in Enumerable.Range(0, _borders.Length).Where(symbol => leads[_next[state][symbol]]).GroupBy(symbol => _next[state][symbol]))
            {
                CodeRange[] chars = CodeRanges.Union(symbols.Select(symbol => new CodeRange(_borders[symbol], symbol + 1 < _borders.Length ? _borders[symbol + 1] - 1 : CodeRanges.Highest)));
                if (chars.Length > 0) text.Add(state, chars, symbols.Key);
            }
        }

        return text;
    }

    /// <returns>[states] Whether an accepting one can be reached.</returns>
    private bool[] Leading()
    {
        var before = new List<int>[_next.Count];
        for (int state = 0; state < before.Length; state++) before[state] = [];
        for (int state = 0; state < before.Length; state++)
        {
            foreach (int target in _next[state].Distinct()) before[target].Add(state);
        }

        var leads = new bool[_next.Count];
        var work = new Stack<int>(Enumerable.Range(0, leads.Length).Where(state => _accepts[state]));
        while (work.TryPop(out int state))
        {
            if (leads[state]) continue;
            leads[state] = true;
            foreach (int earlier in before[state]) work.Push(earlier);
        }

        return leads;
    }
}
