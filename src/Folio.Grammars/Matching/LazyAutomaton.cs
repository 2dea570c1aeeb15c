using System.Runtime.InteropServices;

namespace Folio.Grammars;

/// <summary>Runs a grammar as a deterministic automaton that is made as it is needed (as RE2 makes its own): a state is the set of all places where a text may have led.</summary>
/// <remarks>
/// Stacks and states are made once and known again, so a transition taken before is one array access. When there are too many, all are forgotten; states that are still in use are
/// translated when they are next used. Not for several threads at once.
/// </remarks>
internal sealed class LazyAutomaton
{
    /// <summary>Work that one call may cost.</summary>
    private const long MostWork = 20_000_000;

    private const int MostPlaces = 20_000;      // of a state
    private const long MostBytes = 24L << 20;   // of states and frames before they are forgotten
    private const int BytesPerState = 200, BytesPerFrame = 56, BytesPerPlace = 12;

    private readonly CompiledGrammar _grammar;
    private readonly byte[] _classOf;
    private readonly Dictionary<long, Frame> _frames = [];
    private readonly Dictionary<int, LazyState> _states = []; // by hash, linked
    private readonly PlaceSet _seen = new();
    private readonly Stack<(int Node, Frame? Frame)> _work = new();
    private readonly int[] _classHead;                        // [classes] last item of each class's list while a row is made
    private readonly List<(int Target, Frame? Frame, int Before)> _items = [];
    private long[] _keys = new long[16];
    private Frame?[] _places = new Frame?[16];
    private int _count, _nextFrame;
    private bool _complete;
    private long _bytes, _most = MostBytes;
    private LazyState? _start;

    public LazyAutomaton(CompiledGrammar grammar)
    {
        _grammar = grammar;
        _classOf = grammar.ClassOf;
        _classHead = new int[grammar.Classes];
    }

    public int Generation { get; private set; }

    /// <summary>Work since the last reset, in places looked at.</summary>
    public long Work { get; set; }

    public byte[] ClassOf => _classOf;

    public LazyState Start
    {
        get
        {
            if (_start?.Generation == Generation) return _start;
            Begin();
            Add(_grammar.Start, null);
            return _start = Finish() ?? throw new InvalidOperationException("a linked grammar has a text");
        }
    }

    /// <summary>Forgets the states if there are too many. To be called between uses, never while states are held elsewhere than in the caller's hands.</summary>
    public void Trim()
    {
        if (_bytes < _most) return;
        Generation++;
        _most = MostBytes;
        _frames.Clear();
        _states.Clear();
        _bytes = 0;
    }

    /// <summary>Counts memory that a state holds beside its places.</summary>
    public void Hold(int bytes) => _bytes += bytes;

    /// <summary>The same state, of this making.</summary>
    public LazyState Current(LazyState state)
    {
        if (state.Generation == Generation) return state;
        Begin();
        _complete = state.Complete;
        for (int i = 0; i < state.Nodes.Length; i++) Keep(state.Nodes[i], Translate(state.Frames[i]));
        LazyState current = Finish() ?? state;
        _most = Math.Max(_most, 2 * _bytes); // where stacks alone take that much, forgetting them at each step would help nobody
        return current;
    }

    public LazyState? Step(LazyState state, byte value) => Row(state)[_classOf[value]];

    /// <returns>[classes] What each class of bytes leads to.</returns>
    public LazyState?[] Row(LazyState state) => state.Row ?? MakeRow(state);

    private LazyState?[] MakeRow(LazyState state)
    {
        _items.Clear();
        Array.Fill(_classHead, -1);
        for (int i = 0; i < state.Nodes.Length; i++)
        {
            foreach (GrammarEdge edge in _grammar.Bytes(state.Nodes[i]))
            {
                int high = _classOf[edge.High];
                for (int each = _classOf[edge.Low]; each <= high; each++)
                {
                    _items.Add((edge.Target, state.Frames[i], _classHead[each]));
                    _classHead[each] = _items.Count - 1;
                }
            }
        }

        Spend(_items.Count + _classHead.Length);
        var row = new LazyState?[_classHead.Length];
        _bytes += row.Length * sizeof(long);
        for (int each = 0; each < row.Length; each++)
        {
            if (_classHead[each] < 0) continue;
            if (each > 0 && SameItems(_classHead[each], _classHead[each - 1]))
            {
                row[each] = row[each - 1];
                continue;
            }

            Begin();
            for (int item = _classHead[each]; item >= 0; item = _items[item].Before) Add(_items[item].Target, _items[item].Frame);
            row[each] = Finish();
        }

        return state.Row = row;
    }

    private bool SameItems(int a, int b)
    {
        while (a >= 0 && b >= 0)
        {
            (int targetA, Frame? frameA, int beforeA) = _items[a];
            (int targetB, Frame? frameB, int beforeB) = _items[b];
            if (targetA != targetB || frameA != frameB) return false;
            (a, b) = (beforeA, beforeB);
        }

        return a == b;
    }

    private void Begin()
    {
        _count = 0;
        _complete = false;
        _seen.Clear();
    }

    /// <summary>Follows joins, calls and returns from a place, and keeps the places that take a byte.</summary>
    private void Add(int node, Frame? frame)
    {
        Visit(node, frame);
        while (_work.TryPop(out (int Node, Frame? Frame) place))
        {
            Spend(1);
            if (_grammar.IsEnd(place.Node))
            {
                if (place.Frame is null) _complete = true;
                else Visit(place.Frame.ReturnTo, place.Frame.Below);
            }

            foreach (GrammarEdge edge in _grammar.Silent(place.Node))
            {
                if (edge.Called < 0) Visit(edge.Target, place.Frame);
                else Visit(edge.Called, _grammar.OnlyEnds(edge.Target) ? place.Frame : FrameOf(edge.Target, place.Frame));
            }

            if (_grammar.Bytes(place.Node).Length > 0) Keep(place.Node, place.Frame);
        }
    }

    private void Visit(int node, Frame? frame)
    {
        if (_seen.Add(((long)node << 32) | (uint)(frame?.Id ?? -1))) _work.Push((node, frame));
    }

    private void Keep(int node, Frame? frame)
    {
        if (_count == MostPlaces) throw new GrammarException($"the grammar is too ambiguous: one text leads to more than {MostPlaces} places in it.");
        if (_count == _keys.Length)
        {
            Array.Resize(ref _keys, 2 * _count);
            Array.Resize(ref _places, 2 * _count);
        }

        _keys[_count] = ((long)node << 32) | (uint)(frame?.Id ?? -1);
        _places[_count++] = frame;
    }

    private LazyState? Finish()
    {
        if (_count == 0 && !_complete) return null;
        if (_count > 1) Array.Sort(_keys, _places, 0, _count);
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(_keys.AsSpan(0, _count)));
        hash.Add(_complete);
        int code = hash.ToHashCode();
        _states.TryGetValue(code, out LazyState? head);
        for (LazyState? known = head; known is not null; known = known.Next)
        {
            if (IsThis(known)) return known;
        }

        var nodes = new int[_count];
        for (int i = 0; i < _count; i++) nodes[i] = (int)(_keys[i] >> 32);
        _bytes += BytesPerState + ((long)_count * BytesPerPlace);
        return _states[code] = new(nodes, _places[.._count], _complete, Generation) { Next = head };
    }

    private bool IsThis(LazyState state)
    {
        if (state.Nodes.Length != _count || state.Complete != _complete) return false;
        for (int i = 0; i < _count; i++)
        {
            if (state.Nodes[i] != (int)(_keys[i] >> 32) || state.Frames[i] != _places[i]) return false;
        }

        return true;
    }

    private Frame FrameOf(int returnTo, Frame? below)
    {
        long key = ((long)returnTo << 32) | (uint)(below?.Id ?? -1);
        if (_frames.TryGetValue(key, out Frame? known)) return known;
        _bytes += BytesPerFrame;
        return _frames[key] = new(_nextFrame++ & int.MaxValue, returnTo, below);
    }

    /// <summary>A stack of an earlier making, as one of this.</summary>
    private Frame? Translate(Frame? frame)
    {
        var path = new Stack<Frame>();
        for (; frame is not null; frame = frame.Below) path.Push(frame);
        Frame? result = null;
        foreach (Frame each in path)
        {
            Spend(1);
            result = FrameOf(each.ReturnTo, result);
        }

        return result;
    }

    private void Spend(int work)
    {
        if ((Work += work) > MostWork) throw new GrammarException("the grammar is too ambiguous: the next token's mask takes too long.");
    }
}
