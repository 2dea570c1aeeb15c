namespace Folio.Grammars;

/// <summary>Writes lists.</summary>
/// <remarks>A place is an item's index, the count that of those that <c>contains</c> asks for. Indices and counts that no longer matter are one.</remarks>
internal sealed class ArrayNodes : CommaNodes
{
    private readonly ArrayShape _wanted;
    private readonly int _indices;

    private ArrayNodes(SchemaCompiler compiler, ArrayShape wanted, int to)
        : base(compiler, ('[', ']'), to)
    {
        _wanted = wanted;
        _indices = wanted.Most ?? Math.Max(wanted.Prefix, wanted.Least);
    }

    public static void Write(SchemaCompiler compiler, Shape shape, int from, int to)
    {
        var wanted = new ArrayShape(shape, compiler);
        if (wanted.Most < wanted.Least) return;
        new ArrayNodes(compiler, wanted, to).Write(from);
    }

    protected override void Continue(int node, int place, int count)
    {
        if (!HasRoom(place)) return;
        int next = Math.Min(place + 1, _wanted.Most ?? _indices);
        if (_wanted.ContainsSchema is not { } contains)
        {
            Table.Call(node, Compiler.RuleFor(_wanted.Item(place)), After(next, count));
            return;
        }

        // With an upper limit an item is one or the other; without, an item that isn't counted may be either.
        bool limited = _wanted.MostContained is not null;
        Conjunction other = limited ? _wanted.Item(place, Compiler.Negation.Of(contains)) : _wanted.Item(place);
        Table.Call(node, Compiler.RuleFor(other), After(next, count));
        if (count >= _wanted.MostContained) return;
        int more = limited ? count + 1 : Math.Min(count + 1, _wanted.LeastContained);
        Table.Call(node, Compiler.RuleFor(_wanted.Item(place, contains)), After(next, more));
    }

    protected override bool MayClose(int place, int count) => place >= _wanted.Least && count >= _wanted.LeastContained;

    protected override bool HasRoom(int place) => _wanted.Most is not { } most || place < most;
}
