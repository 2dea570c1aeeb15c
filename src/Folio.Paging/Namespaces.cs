namespace Folio.Paging;

/// <summary>Cache salts as small numbers, so that a block's key is all integers.</summary>
/// <remarks>A number means its salt for as long as a user or an indexed block may name it; then it serves again.</remarks>
internal sealed class Namespaces
{
    private readonly Dictionary<string, int> _ids = [];
    private readonly Stack<int> _retired = new();
    private string?[] _salts = new string?[16]; // [ids] null for the shared one and for retired ones
    private int[] _users = new int[16];         // [ids]
    private int[] _blocks = new int[16];        // [ids] indexed blocks
    private int _count = 1;                     // 0 is the shared one

    public string? Salt(int id) => _salts[id];

    public int Enter(string salt)
    {
        if (!_ids.TryGetValue(salt, out int id))
        {
            if (!_retired.TryPop(out id)) id = _count++;
            if (id == _salts.Length) Grow();
            _salts[id] = salt;
            _ids.Add(salt, id);
        }

        _users[id]++;
        return id;
    }

    public void Leave(int id)
    {
        if (id == PrefixIndex.Shared) return; // its users are not counted: it is never retired
        if (_users[id] == 0) throw new InvalidOperationException($"namespace {id} has no user that could leave");
        _users[id]--;
        RetireIfUnused(id);
    }

    public void Gained(int id) => _blocks[id]++;

    public void Lost(int id)
    {
        _blocks[id]--;
        RetireIfUnused(id);
    }

    public int Blocks(int id) => _blocks[id];

    public void LostAll()
    {
        for (int id = 0; id < _count; id++)
        {
            if (_blocks[id] == 0) continue;
            _blocks[id] = 0;
            RetireIfUnused(id);
        }
    }

    private void RetireIfUnused(int id)
    {
        if (id == PrefixIndex.Shared || _users[id] > 0 || _blocks[id] > 0) return;
        _ids.Remove(_salts[id]!);
        _salts[id] = null;
        _retired.Push(id);
    }

    private void Grow()
    {
        int length = _salts.Length * 2;
        Array.Resize(ref _salts, length);
        Array.Resize(ref _users, length);
        Array.Resize(ref _blocks, length);
    }
}
