namespace Folio.Grammars;

/// <summary>Writes objects: named members in their order, those that may be missing skipped, unnamed ones behind them.</summary>
/// <remarks>
/// A place is the index of the next named member, the count that of members, where their number is limited. Unnamed keys may come twice, which no automaton can see: a least number that
/// only several of them could reach is therefore refused.
/// </remarks>
internal sealed class ObjectNodes : CommaNodes
{
    private readonly List<(string Name, Conjunction Value, bool Required)> _members;
    private readonly (TextAutomaton? Key, Conjunction Value)[] _others;
    private readonly int _least, _lastRequired;
    private readonly int? _most;

    private ObjectNodes(SchemaCompiler compiler, List<(string Name, Conjunction Value, bool Required)> members, (TextAutomaton? Key, Conjunction Value)[] others, int least, int? most, int to)
        : base(compiler, ('{', '}'), to)
    {
        (_members, _others, _least, _most) = (members, others, least, most);
        _lastRequired = members.FindLastIndex(member => member.Required);
    }

    public static void Write(SchemaCompiler compiler, Shape shape, int from, int to)
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
        new ObjectNodes(compiler, members, others, least, wanted.Most, to).Write(from);
    }

    /// <summary>The members that may come next.</summary>
    protected override void Continue(int node, int place, int count)
    {
        int next = _most is null ? Math.Min(count + 1, _least) : count + 1;
        bool room = _most is null || next <= _most;
        if (place < _members.Count)
        {
            if (!_members[place].Required) Table.Join(node, Before(place + 1, count));
            if (!room) return;
            int key = Table.AddNode();
            Table.Literal(node, [(byte)'"', .. TextNodes.Escape(_members[place].Name), (byte)'"'], key);
            Value(key, _members[place].Value, After(place + 1, next));
            return;
        }

        foreach ((TextAutomaton? text, Conjunction value) in room ? _others : [])
        {
            int key = Table.AddNode();
            if (text is null) Compiler.AnyString(node, key);
            else Compiler.String(text, node, key);
            Value(key, value, After(place, next));
        }
    }

    protected override bool MayClose(int place, int count) => _lastRequired < place && count >= _least;

    protected override bool HasRoom(int place) => true;

    private void Value(int key, Conjunction value, int after)
    {
        int colon = Table.AddNode(), start = Table.AddNode();
        Table.Bytes(key, ':', colon);
        Compiler.Space.Behind(colon, start);
        Table.Call(start, Compiler.RuleFor(value), after);
    }
}
