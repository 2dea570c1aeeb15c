namespace Folio.Grammars;

/// <summary>Writes objects: named members in their order, those that may be missing skipped, unnamed ones behind them.</summary>
/// <remarks>
/// Nodes: before[j, c], where one of the members from j on is to come, and after[j, c], behind member j − 1; c counts members, where their number is limited. Unnamed keys may come
/// twice, which no automaton can see: a least number that only several of them could reach is therefore refused.
/// </remarks>
internal sealed class ObjectNodes(SchemaCompiler compiler)
{
    public void Write(Shape shape, int from, int to)
    {
        var wanted = new ObjectShape(shape, compiler);
        var members = new List<(string Name, Conjunction Value, bool Required)>();
        foreach (string name in wanted.Names)
        {
            bool required = wanted.Required.Contains(name);
            Conjunction? value = wanted.Member(name);
            bool possible = value is not null && !value.Terms.Any(term => term.Schema.IsFalse);
            if (!possible && required) return;
            if (possible) members.Add((name, value!, required));
        }

        (TextAutomaton? Key, Conjunction Value)[] others = [.. wanted.Others()];
        int requiredCount = members.Count(member => member.Required);
        int least = wanted.Least <= requiredCount ? 0 : wanted.Least;
        if (others.Length > 0 && least > requiredCount + 1) throw shape.Schemas[0].Unsupported($"minProperties {least} beside unnamed properties, of which the same might come twice,");
        new Writer(compiler, members, others, least, wanted.Most, to).Write(from);
    }

    private sealed class Writer(SchemaCompiler compiler, List<(string Name, Conjunction Value, bool Required)> members, (TextAutomaton? Key, Conjunction Value)[] others, int least, int? most, int to)
    {
        private readonly NodeTable _table = compiler.Table;
        private readonly int _counts = most ?? least;
        private readonly Dictionary<(int Member, int Count), int> _before = [];
        private readonly Dictionary<(int Member, int Count), int> _after = [];
        private readonly Queue<(int Member, int Count)> _work = new();
        private readonly int _lastRequired = members.FindLastIndex(member => member.Required);

        public void Write(int from)
        {
            int open = _table.AddNode(), inside = _table.AddNode();
            _table.Bytes(from, '{', open);
            compiler.Space.Inside(open, inside);
            if (MayClose(0, 0)) _table.Bytes(inside, '}', to);
            _table.Join(inside, Before(0, 0));
            while (_work.TryDequeue(out (int Member, int Count) place)) Continue(place.Member, place.Count);
        }

        /// <summary>The members that may come next.</summary>
        private void Continue(int member, int count)
        {
            int node = _before[(member, count)];
            int next = most is null ? Math.Min(count + 1, _counts) : count + 1;
            bool room = most is null || next <= most;
            if (member < members.Count)
            {
                if (!members[member].Required) _table.Join(node, Before(member + 1, count));
                if (!room) return;
                int key = _table.AddNode();
                _table.Literal(node, [(byte)'"', .. TextNodes.Escape(members[member].Name), (byte)'"'], key);
                Value(key, members[member].Value, After(member + 1, next));
                return;
            }

            foreach ((TextAutomaton? text, Conjunction value) in room ? others : [])
            {
                int key = _table.AddNode();
                if (text is null) compiler.AnyString(node, key);
                else compiler.String(text, node, key);
                Value(key, value, After(member, next));
            }
        }

        private void Value(int key, Conjunction value, int after)
        {
            int colon = _table.AddNode(), start = _table.AddNode();
            _table.Bytes(key, ':', colon);
            compiler.Space.Behind(colon, start);
            _table.Call(start, compiler.RuleFor(value), after);
        }

        private int Before(int member, int count)
        {
            if (_before.TryGetValue((member, count), out int node)) return node;
            _before[(member, count)] = node = _table.AddNode();
            _work.Enqueue((member, count));
            return node;
        }

        private int After(int member, int count)
        {
            if (_after.TryGetValue((member, count), out int node)) return node;
            _after[(member, count)] = node = _table.AddNode();
            int mark = _table.AddNode(), comma = _table.AddNode();
            compiler.Space.Inside(node, mark);
            if (MayClose(member, count)) _table.Bytes(mark, '}', to);
            _table.Bytes(mark, ',', comma);
            compiler.Space.Behind(comma, Before(member, count));
            return node;
        }

        private bool MayClose(int member, int count) => _lastRequired < member && count >= least;
    }
}
