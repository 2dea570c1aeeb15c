using System.Text;

namespace Folio.Grammars;

/// <summary>A regular language of characters: a nondeterministic automaton with one start (state 0) and one end.</summary>
internal sealed class TextAutomaton(Budget budget)
{
    private readonly List<Edge> _edges = [];
    private Edge[][]? _byState;

    /// <param name="Chars">What it takes; null: nothing.</param>
    public readonly record struct Edge(int From, CodeRange[]? Chars, int To);

    public int Start { get; }

    public int End { get; set; }

    public int States { get; private set; } = 1;

    public IReadOnlyList<Edge> Edges => _edges;

    public int AddState()
    {
        budget.Spend();
        if (States == budget.Limits.MaxNodes) throw new GrammarException($"a pattern needs more than {budget.Limits.MaxNodes} states; a smaller one is needed.");
        return States++;
    }

    public void Add(int from, CodeRange[]? chars, int to)
    {
        budget.Spend();
        _edges.Add(new(from, chars, to));
    }

    /// <summary>All texts of so many characters.</summary>
    public static TextAutomaton OfLength(int least, int? most, Budget budget)
    {
        var text = new TextAutomaton(budget);
        int state = 0, end = text.End = text.AddState();
        for (int length = 0; length <= (most ?? least); length++)
        {
            if (length >= least) text.Add(state, null, end);
            if (length == (most ?? least)) break;
            int next = text.AddState();
            text.Add(state, CodeRanges.All, next);
            state = next;
        }

        if (most is null) text.Add(state, CodeRanges.All, state);
        return text;
    }

    /// <summary>Just these texts.</summary>
    public static TextAutomaton OfTexts(IEnumerable<string> texts, Budget budget) => Tree(texts, others: false, budget);

    /// <summary>All texts but these.</summary>
    public static TextAutomaton Except(IEnumerable<string> texts, Budget budget) => Tree(texts, others: true, budget);

    public bool Matches(string text)
    {
        HashSet<int> states = [Start];
        Follow(states);
        foreach (Rune rune in text.EnumerateRunes())
        {
            var next = new HashSet<int>();
            foreach (int state in states)
            {
                foreach (Edge edge in From(state))
                {
                    budget.Spend();
                    if (edge.Chars is { } chars && CodeRanges.Contains(chars, rune.Value)) next.Add(edge.To);
                }
            }

            Follow(next);
            states = next;
        }

        return states.Contains(End);
    }

    public ReadOnlySpan<Edge> From(int state)
    {
        _byState ??= Group();
        return _byState[state];
    }

    /// <summary>Adds the states that are reached without a character.</summary>
    public void Follow(HashSet<int> states)
    {
        var work = new Stack<int>(states);
        while (work.TryPop(out int state))
        {
            foreach (Edge edge in From(state))
            {
                budget.Spend();
                if (edge.Chars is null && states.Add(edge.To)) work.Push(edge.To);
            }
        }
    }

    private Edge[][] Group()
    {
        var lists = new List<Edge>?[States];
        foreach (Edge edge in _edges) (lists[edge.From] ??= []).Add(edge);
        return [.. lists.Select(list => list?.ToArray() ?? [])];
    }

    private static TextAutomaton Tree(IEnumerable<string> texts, bool others, Budget budget)
    {
        var text = new TextAutomaton(budget);
        text.End = text.AddState();
        var children = new List<SortedDictionary<int, int>?> { new(), null }; // [states] of the tree's nodes: character → node
        var named = new HashSet<int>();
        foreach (string each in texts)
        {
            int state = 0;
            foreach (Rune rune in each.EnumerateRunes())
            {
                if (!children[state]!.TryGetValue(rune.Value, out int next))
                {
                    children[state]![rune.Value] = next = text.AddState();
                    children.Add(new());
                    text.Add(state, CodeRanges.Of(rune.Value), next);
                }

                state = next;
            }

            named.Add(state);
        }

        int free = others ? text.AddState() : -1;
        for (int state = 0; state < children.Count; state++)
        {
            if (children[state] is not { } known) continue;
            if (named.Contains(state) != others) text.Add(state, null, text.End);
            if (others) text.Add(state, CodeRanges.Except(CodeRanges.Union(known.Keys.Select(point => new CodeRange(point, point)))), free);
        }

        if (!others) return text;
        text.Add(free, CodeRanges.All, free);
        text.Add(free, null, text.End);
        return text;
    }
}
