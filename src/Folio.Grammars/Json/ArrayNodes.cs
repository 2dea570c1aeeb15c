namespace Folio.Grammars;

/// <summary>Writes lists.</summary>
/// <remarks>Nodes: before[i, c], where item i is to come, and after[i, c], behind i items; c counts those that <c>contains</c> asks for. Indices and counts that no longer matter are one.</remarks>
internal sealed class ArrayNodes(SchemaCompiler compiler)
{
    public void Write(Shape shape, int from, int to)
    {
        var wanted = new ArrayShape(shape, compiler);
        if (wanted.Most < wanted.Least) return;
        new Writer(compiler, wanted, to).Write(from);
    }

    private sealed class Writer(SchemaCompiler compiler, ArrayShape wanted, int to)
    {
        private readonly NodeTable _table = compiler.Table;
        private readonly int _indices = wanted.Most ?? Math.Max(wanted.Prefix, wanted.Least);
        private readonly Dictionary<(int Index, int Contained), int> _before = [];
        private readonly Dictionary<(int Index, int Contained), int> _after = [];
        private readonly Queue<(int Index, int Contained)> _work = new();

        public void Write(int from)
        {
            int open = _table.AddNode(), inside = _table.AddNode();
            _table.Bytes(from, '[', open);
            compiler.Space.Inside(open, inside);
            if (MayClose(0, 0)) _table.Bytes(inside, ']', to);
            _table.Join(inside, Before(0, 0));
            while (_work.TryDequeue(out (int Index, int Contained) place)) Continue(place.Index, place.Contained);
        }

        private void Continue(int index, int contained)
        {
            if (index >= wanted.Most) return;
            int node = _before[(index, contained)], next = Math.Min(index + 1, wanted.Most ?? _indices);
            if (wanted.ContainsSchema is not { } contains)
            {
                _table.Call(node, compiler.RuleFor(wanted.Item(index)), After(next, contained));
                return;
            }

            // With an upper limit an item is one or the other; without, an item that isn't counted may be either.
            bool limited = wanted.MostContained is not null;
            Conjunction other = limited ? wanted.Item(index, compiler.Negation.Of(contains)) : wanted.Item(index);
            _table.Call(node, compiler.RuleFor(other), After(next, contained));
            if (contained >= wanted.MostContained) return;
            int more = limited ? contained + 1 : Math.Min(contained + 1, wanted.LeastContained);
            _table.Call(node, compiler.RuleFor(wanted.Item(index, contains)), After(next, more));
        }

        private int Before(int index, int contained)
        {
            if (_before.TryGetValue((index, contained), out int node)) return node;
            _before[(index, contained)] = node = _table.AddNode();
            _work.Enqueue((index, contained));
            return node;
        }

        private int After(int index, int contained)
        {
            if (_after.TryGetValue((index, contained), out int node)) return node;
            _after[(index, contained)] = node = _table.AddNode();
            int mark = _table.AddNode(), comma = _table.AddNode();
            compiler.Space.Inside(node, mark);
            if (MayClose(index, contained)) _table.Bytes(mark, ']', to);
            if (index >= wanted.Most) return node;
            _table.Bytes(mark, ',', comma);
            compiler.Space.Behind(comma, Before(index, contained));
            return node;
        }

        private bool MayClose(int index, int contained) => index >= wanted.Least && contained >= wanted.LeastContained;
    }
}
