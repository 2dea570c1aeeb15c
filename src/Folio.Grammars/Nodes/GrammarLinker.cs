namespace Folio.Grammars;

/// <summary>From a written grammar to one that can run: nothing that leads nowhere, no rule that begins with itself, edges in one array.</summary>
internal sealed class GrammarLinker
{
    private readonly NodeTable _table;
    private readonly int[] _incoming; // [nodes + 1] where a node's incoming edges begin in _incomingEdges
    private readonly int[] _incomingEdges;
    private readonly int[] _origin;   // [edges] the node that an edge leaves

    private GrammarLinker(NodeTable table)
    {
        _table = table;
        ReadOnlySpan<NodeTable.Edge> edges = table.Edges;
        _origin = new int[edges.Length];
        _incoming = new int[table.Nodes + 1];
        _incomingEdges = new int[edges.Length];
        for (int node = 0; node < table.Nodes; node++)
        {
            for (int edge = table.Heads[node]; edge >= 0; edge = edges[edge].Next) _origin[edge] = node;
        }

        foreach (NodeTable.Edge edge in edges) _incoming[edge.Target + 1]++;
        for (int node = 0; node < table.Nodes; node++) _incoming[node + 1] += _incoming[node];
        int[] next = _incoming[..^1];
        for (int edge = 0; edge < edges.Length; edge++) _incomingEdges[next[edges[edge].Target]++] = edge;
    }

    /// <summary>Whether any text at all leads through the rule.</summary>
    public static bool HasText(NodeTable table, int rule) => new GrammarLinker(table).ReachEnd(withBytes: true)[table.Rules[rule].Start];

    /// <returns>Null: no text leads through the root.</returns>
    /// <exception cref="GrammarException">A rule begins with itself.</exception>
    public static CompiledGrammar? Link(NodeTable table, int root)
    {
        var linker = new GrammarLinker(table);
        bool[] leads = linker.ReachEnd(withBytes: true), nullable = linker.ReachEnd(withBytes: false);
        if (!leads[table.Rules[root].Start]) return null;
        linker.RefuseLeftRecursion(leads, nullable);
        return linker.Pack(root, leads);
    }

    /// <returns>[nodes] Whether the end of its rule can be reached: at all, or without any byte.</returns>
    private bool[] ReachEnd(bool withBytes)
    {
        ReadOnlySpan<NodeTable.Edge> edges = _table.Edges;
        ReadOnlySpan<NodeTable.Rule> rules = _table.Rules;
        var reached = new bool[_table.Nodes];
        var startOf = new Dictionary<int, int>(rules.Length);
        var waiting = new List<int>?[rules.Length]; // calls that return to a good place, of rules that may lead nowhere
        var work = new Stack<int>();
        for (int rule = 0; rule < rules.Length; rule++)
        {
            startOf[rules[rule].Start] = rule;
            reached[rules[rule].End] = true;
            work.Push(rules[rule].End);
        }

        while (work.TryPop(out int node))
        {
            for (int i = _incoming[node]; i < _incoming[node + 1]; i++)
            {
                _table.Budget.Spend();
                NodeTable.Edge edge = edges[_incomingEdges[i]];
                if (edge.Rule == NodeTable.Byte && !withBytes) continue;
                if (edge.Rule < 0 || reached[rules[edge.Rule].Start]) Mark(_origin[_incomingEdges[i]]);
                else (waiting[edge.Rule] ??= []).Add(_origin[_incomingEdges[i]]);
            }

            if (!startOf.TryGetValue(node, out int started) || waiting[started] is not { } callers) continue;
            foreach (int caller in callers) Mark(caller);
        }

        return reached;

        void Mark(int node)
        {
            if (reached[node]) return;
            reached[node] = true;
            work.Push(node);
        }
    }

    /// <summary>A rule that calls itself before it has read a byte would be entered for ever.</summary>
    private void RefuseLeftRecursion(bool[] leads, bool[] nullable)
    {
        const int Unseen = 0, Open = 1, Closed = 2;
        var state = new byte[_table.Nodes];
        var path = new Stack<(int Node, int Edge)>();
        var low = new StronglyConnected(_table.Nodes);
        for (int root = 0; root < _table.Nodes; root++)
        {
            if (state[root] == Unseen) Visit(root);
        }

        ReadOnlySpan<NodeTable.Edge> edges = _table.Edges;
        for (int edge = 0; edge < edges.Length; edge++)
        {
            if (edges[edge].Rule < 0 || !leads[edges[edge].Target]) continue;
            NodeTable.Rule called = _table.Rules[edges[edge].Rule];
            if (leads[called.Start] && low.Same(_origin[edge], called.Start)) throw new GrammarException($"rule '{called.Name}' begins with itself (left recursion), so it would never read anything; write it as a repetition.");
        }

        void Visit(int start)
        {
            ReadOnlySpan<NodeTable.Edge> all = _table.Edges;
            Enter(start);
            while (path.TryPop(out (int Node, int Edge) place))
            {
                _table.Budget.Spend();
                if (place.Edge < 0)
                {
                    low.Leave(place.Node);
                    state[place.Node] = Closed;
                    if (path.TryPeek(out (int Node, int Edge) above)) low.Lower(above.Node, place.Node);
                    continue;
                }

                // An edge is looked at twice where it is a call of a rule that may be empty: into the rule, and behind it.
                NodeTable.Edge edge = all[place.Edge >> 1];
                bool behind = (place.Edge & 1) == 1;
                int next = edge.Next < 0 ? -1 : edge.Next << 1;
                bool both = edge.Rule >= 0 && !behind && nullable[_table.Rules[edge.Rule].Start];
                path.Push((place.Node, both ? place.Edge | 1 : next));
                if (edge.Rule == NodeTable.Byte || !leads[edge.Target]) continue;
                int target = edge.Rule >= 0 && !behind ? _table.Rules[edge.Rule].Start : edge.Target;
                if (state[target] == Unseen) Enter(target);
                else if (state[target] == Open || low.IsOnStack(target)) low.LowerToNumber(place.Node, target);
            }
        }

        void Enter(int node)
        {
            state[node] = Open;
            low.Enter(node);
            path.Push((node, _table.Heads[node] < 0 ? -1 : _table.Heads[node] << 1));
        }
    }

    private CompiledGrammar Pack(int root, bool[] leads)
    {
        ReadOnlySpan<NodeTable.Edge> edges = _table.Edges;
        ReadOnlySpan<NodeTable.Rule> rules = _table.Rules;
        var packed = new List<GrammarEdge>(edges.Length);
        var silent = new int[_table.Nodes + 1];
        var bytes = new int[_table.Nodes];
        var borders = new bool[257];
        for (int node = 0; node < _table.Nodes; node++)
        {
            silent[node] = packed.Count;
            for (int pass = 0; pass < 2; pass++)
            {
                if (pass == 1) bytes[node] = packed.Count;
                for (int i = leads[node] ? _table.Heads[node] : -1; i >= 0; i = edges[i].Next)
                {
                    NodeTable.Edge edge = edges[i];
                    if ((edge.Rule == NodeTable.Byte) != (pass == 1) || !leads[edge.Target] || (edge.Rule >= 0 && !leads[rules[edge.Rule].Start])) continue;
                    packed.Add(new(edge.Target, edge.Rule < 0 ? -1 : rules[edge.Rule].Start, edge.Low, edge.High));
                    if (pass == 1) borders[edge.Low] = borders[edge.High + 1] = true;
                }
            }
        }

        silent[^1] = packed.Count;
        var ends = new bool[_table.Nodes];
        foreach (NodeTable.Rule rule in rules) ends[rule.End] = true;
        return new CompiledGrammar(rules[root].Start, [.. packed], silent, bytes, ends, borders);
    }
}
