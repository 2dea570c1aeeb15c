namespace Folio.Grammars;

/// <summary>Writes what stands between two marks with commas between: lists and objects.</summary>
/// <remarks>Nodes: before[place, count], where one of what may stand at a place or later is to come, and after[place, count], behind it.</remarks>
/// <param name="compiler">Of the schema.</param>
/// <param name="marks">The opening and the closing mark.</param>
/// <param name="to">Where the whole leads.</param>
internal abstract class CommaNodes(SchemaCompiler compiler, (char Open, char Close) marks, int to)
{
    private readonly Dictionary<(int Place, int Count), int> _before = [];
    private readonly Dictionary<(int Place, int Count), int> _after = [];
    private readonly Queue<(int Place, int Count)> _work = new();

    protected SchemaCompiler Compiler => compiler;

    protected NodeTable Table => compiler.Table;

    public void Write(int from)
    {
        int open = Table.AddNode(), inside = Table.AddNode();
        Table.Bytes(from, marks.Open, open);
        compiler.Space.Inside(open, inside);
        if (MayClose(0, 0)) Table.Bytes(inside, marks.Close, to);
        Table.Join(inside, Before(0, 0));
        while (_work.TryDequeue(out (int Place, int Count) next)) Continue(_before[next], next.Place, next.Count);
    }

    /// <summary>Writes from a node what may come there, each leading to its <see cref="After"/>.</summary>
    protected abstract void Continue(int node, int place, int count);

    protected abstract bool MayClose(int place, int count);

    /// <summary>Whether anything may stand at the place.</summary>
    protected abstract bool HasRoom(int place);

    protected int Before(int place, int count)
    {
        if (_before.TryGetValue((place, count), out int node)) return node;
        _before[(place, count)] = node = Table.AddNode();
        _work.Enqueue((place, count));
        return node;
    }

    protected int After(int place, int count)
    {
        if (_after.TryGetValue((place, count), out int node)) return node;
        _after[(place, count)] = node = Table.AddNode();
        int mark = Table.AddNode();
        compiler.Space.Inside(node, mark);
        if (MayClose(place, count)) Table.Bytes(mark, marks.Close, to);
        if (!HasRoom(place)) return node;
        int comma = Table.AddNode();
        Table.Bytes(mark, ',', comma);
        compiler.Space.Behind(comma, Before(place, count));
        return node;
    }
}
