namespace Folio.Grammars;

/// <param name="Target">Where it leads; of a call: where it returns.</param>
/// <param name="Called">The first node of the rule that is called; −1: none.</param>
/// <param name="Low">Of an edge that takes a byte: the lowest.</param>
/// <param name="High">The highest.</param>
internal readonly record struct GrammarEdge(int Target, int Called, byte Low, byte High);

/// <summary>A language of byte strings: rules that are small automata over bytes and call each other (a pushdown automaton). Immutable, so any number of threads may run it.</summary>
/// <remarks>Every path through it can be completed: edges that lead nowhere are gone.</remarks>
public sealed class CompiledGrammar
{
    private readonly GrammarEdge[] _edges;
    private readonly int[] _silent; // [nodes + 1] where a node's joins and calls begin in _edges
    private readonly int[] _bytes;  // [nodes] where its byte edges begin, behind those
    private readonly bool[] _ends;  // [nodes]

    internal CompiledGrammar(int start, GrammarEdge[] edges, int[] silent, int[] bytes, bool[] ends, bool[] borders)
    {
        (Start, _edges, _silent, _bytes, _ends) = (start, edges, silent, bytes, ends);
        ClassOf = new byte[256];
        for (int value = 1; value < 256; value++) ClassOf[value] = (byte)(ClassOf[value - 1] + (borders[value] ? 1 : 0));
        Classes = ClassOf[255] + 1;
    }

    /// <summary>Memory that it takes, in bytes.</summary>
    public long Size => (_edges.LongLength * 12) + (_ends.LongLength * 9);

    internal int Start { get; }

    /// <summary>[256] Bytes that no edge tells apart have the same class, and classes ascend with the bytes.</summary>
    internal byte[] ClassOf { get; }

    internal int Classes { get; }

    /// <summary>Whether the node ends its rule.</summary>
    internal bool IsEnd(int node) => _ends[node];

    /// <summary>Whether the node does nothing but end its rule: a call that returns there needs no return.</summary>
    internal bool OnlyEnds(int node) => _ends[node] && _silent[node] == _silent[node + 1];

    internal ReadOnlySpan<GrammarEdge> Silent(int node) => _edges.AsSpan(_silent[node], _bytes[node] - _silent[node]);

    internal ReadOnlySpan<GrammarEdge> Bytes(int node) => _edges.AsSpan(_bytes[node], _silent[node + 1] - _bytes[node]);
}
