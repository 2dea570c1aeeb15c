namespace Folio.Grammars;

/// <summary>Tarjan's numbers: which nodes lie on a common cycle. The walk itself is the caller's, so that deep graphs need no deep stack.</summary>
internal sealed class StronglyConnected(int nodes)
{
    private readonly int[] _number = new int[nodes];    // order of entry, from 1
    private readonly int[] _low = new int[nodes];
    private readonly int[] _component = new int[nodes]; // 0: still on the stack, or never seen
    private readonly Stack<int> _stack = new();
    private int _entered, _components;

    public void Enter(int node)
    {
        _number[node] = _low[node] = ++_entered;
        _stack.Push(node);
    }

    public void Leave(int node)
    {
        if (_low[node] != _number[node]) return;
        _components++;
        int member;
        do _component[member = _stack.Pop()] = _components;
        while (member != node);
    }

    public bool IsOnStack(int node) => _number[node] > 0 && _component[node] == 0;

    public void Lower(int node, int child)
    {
        if (_component[child] == 0) _low[node] = Math.Min(_low[node], _low[child]);
    }

    public void LowerToNumber(int node, int seen) => _low[node] = Math.Min(_low[node], _number[seen]);

    /// <summary>Whether the two lie on a common cycle, or are the same.</summary>
    public bool Same(int a, int b) => _component[a] == _component[b];
}
