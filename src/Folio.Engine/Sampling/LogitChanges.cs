using Folio.Compute;

namespace Folio.Engine;

/// <summary>What is to be done to the ids of one row, each of which is once in the list, whoever asks for it.</summary>
/// <remarks>Reserved once; a row costs as much as it has ids.</remarks>
internal sealed class LogitChanges(int vocabulary)
{
    private readonly int[] _places = new int[vocabulary]; // of an id in the list, if the id there is it
    private LogitChange[] _list = new LogitChange[64];
    private int _count;

    public ReadOnlySpan<LogitChange> List => _list.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <summary>An id's entry, valid until another one is asked for.</summary>
    public ref LogitChange this[int id]
    {
        get
        {
            int place = _places[id];
            if (place < _count && _list[place].Id == id) return ref _list[place];
            if (_count == _list.Length) Array.Resize(ref _list, 2 * _count);
            _list[_places[id] = _count] = new(id, 0, 0);
            return ref _list[_count++];
        }
    }
}
