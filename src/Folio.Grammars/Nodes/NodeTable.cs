using System.Runtime.InteropServices;

namespace Folio.Grammars;

/// <summary>A grammar while it is being written: rules, each a small automaton over bytes whose edges may also call rules.</summary>
/// <remarks>A node's edges are a linked list in one array, so a node costs a few bytes and nothing is allocated for it.</remarks>
internal sealed class NodeTable(Budget budget)
{
    /// <summary>What an edge does in place of a call: nothing, or takes a byte.</summary>
    public const int Empty = -1, Byte = -2;

    private readonly List<int> _heads = []; // [nodes] first edge, −1: none
    private readonly List<Edge> _edges = [];
    private readonly List<Rule> _rules = [];

    /// <param name="Next">The node's next edge; −1: none.</param>
    /// <param name="Target">Where it leads; of a call: where it returns.</param>
    /// <param name="Rule">The rule that is called, or <see cref="Empty"/> or <see cref="Byte"/>.</param>
    internal readonly record struct Edge(int Next, int Target, int Rule, byte Low, byte High);

    internal readonly record struct Rule(string Name, int Start, int End);

    public Budget Budget => budget;

    public int Nodes => _heads.Count;

    public ReadOnlySpan<int> Heads => CollectionsMarshal.AsSpan(_heads);

    public ReadOnlySpan<Edge> Edges => CollectionsMarshal.AsSpan(_edges);

    public ReadOnlySpan<Rule> Rules => CollectionsMarshal.AsSpan(_rules);

    public int AddNode()
    {
        budget.Spend();
        if (_heads.Count == budget.Limits.MaxNodes) throw new GrammarException($"the grammar needs more than {budget.Limits.MaxNodes} nodes; a smaller one is needed.");
        _heads.Add(-1);
        return _heads.Count - 1;
    }

    public int AddRule(string name)
    {
        if (_rules.Count == budget.Limits.MaxRules) throw new GrammarException($"the grammar needs more than {budget.Limits.MaxRules} rules; a smaller one is needed.");
        _rules.Add(new(name, AddNode(), AddNode()));
        return _rules.Count - 1;
    }

    public void Join(int from, int to) => Add(from, to, Empty, 0, 0);

    public void Call(int from, int rule, int to) => Add(from, to, rule, 0, 0);

    public void Bytes(int from, byte low, byte high, int to) => Add(from, to, Byte, low, high);

    public void Bytes(int from, char only, int to) => Bytes(from, (byte)only, (byte)only, to);

    /// <summary>One text after another leads from one node to the other.</summary>
    public void Literal(int from, ReadOnlySpan<byte> text, int to)
    {
        if (text.IsEmpty) Join(from, to);
        for (int i = 0; i < text.Length; i++)
        {
            int next = i == text.Length - 1 ? to : AddNode();
            Bytes(from, text[i], text[i], next);
            from = next;
        }
    }

    /// <summary>Any of the texts leads from one node to the other; common beginnings are shared, so what is read never branches.</summary>
    public void Literals(int from, IEnumerable<byte[]> texts, int to)
    {
        byte[][] sorted = [.. texts];
        Array.Sort(sorted, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        List<int> path = [from]; // [length] the node after so many bytes of the last text
        byte[] last = [];
        foreach (byte[] text in sorted)
        {
            int shared = text.AsSpan().CommonPrefixLength(last);
            path.RemoveRange(shared + 1, path.Count - shared - 1);
            for (int i = shared; i < text.Length; i++)
            {
                int next = AddNode();
                Bytes(path[i], text[i], text[i], next);
                path.Add(next);
            }

            if (shared < text.Length || text.Length == 0) Join(path[^1], to);
            last = text;
        }
    }

    private void Add(int from, int to, int rule, byte low, byte high)
    {
        budget.Spend();
        _edges.Add(new(_heads[from], to, rule, low, high));
        _heads[from] = _edges.Count - 1;
    }
}
