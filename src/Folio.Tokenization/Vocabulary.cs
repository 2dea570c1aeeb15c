using System.Text;

namespace Folio.Tokenization;

/// <summary>The pieces of a vocabulary, as its file writes them, and their ids: one block of UTF-8 and one hash table, no string per piece.</summary>
internal sealed class Vocabulary(string fileName)
{
    // A file of a few bytes must not make arrays of gigabytes: ids may leave gaps, but not many times their number.
    private const int SpareIds = 65_536;

    private byte[] _text = new byte[1 << 16];
    private int _textLength;
    private Entry[] _entries = new Entry[1 << 10]; // not a list, whose code would be compiled at start
    private int _count;
    private int[] _slots = new int[1 << 12];     // entry index + 1; 0 is free
    private int[] _entryOfId = [];               // [highest id + 1], -1 where no piece has the id

    /// <summary>The highest id + 1.</summary>
    public int Size => _entryOfId.Length;

    public int HighestId { get; private set; } = -1;

    /// <summary>Ids of special tokens: a mark in a template or a raw prompt is one, ordinary text that happens to spell it never is.</summary>
    public HashSet<int> Special { get; } = [];

    /// <param name="piece">The piece in UTF-8.</param>
    /// <param name="id">Its id.</param>
    /// <param name="isAdded">An added token, which may take over the id of a piece of the model's vocabulary.</param>
    /// <param name="mayRepeat">The same piece may come again under another id, which is then the one that is found.</param>
    public void Add(ReadOnlySpan<byte> piece, int id, bool isAdded = false, bool mayRepeat = false)
    {
        if (id < 0) throw new TokenizerException($"{fileName}: the id of token '{Show(piece)}' is {id}; ids start at 0.");
        int slot = FindSlot(piece);
        if (_slots[slot] != 0 && !mayRepeat) throw new TokenizerException($"{fileName}: token '{Show(piece)}' appears twice in the vocabulary.");
        if (_textLength + piece.Length > _text.Length) Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + piece.Length));
        piece.CopyTo(_text.AsSpan(_textLength));
        HighestId = Math.Max(HighestId, id);
        if (_count == _entries.Length) Array.Resize(ref _entries, _count * 2);
        _entries[_count++] = new Entry(_textLength, piece.Length, id, isAdded);
        _textLength += piece.Length;
        _slots[slot] = _count;
        if (_count * 2 > _slots.Length) GrowSlots();
    }

    /// <summary>Refuses ids that would make tables far larger than the vocabulary.</summary>
    public void CheckIds()
    {
        if (HighestId >= (2L * _count) + SpareIds)
            throw new TokenizerException($"{fileName}: the highest token id is {HighestId} in a vocabulary of {_count} tokens; ids are expected to be (nearly) dense.");
    }

    /// <summary>The vocabulary is whole: checks the ids and opens the way from id to piece.</summary>
    public void Seal()
    {
        CheckIds();
        _entryOfId = new int[HighestId + 1];
        Array.Fill(_entryOfId, -1);
        for (int i = 0; i < _count; i++)
        {
            ref int owner = ref _entryOfId[_entries[i].Id];
            if (owner >= 0 && !_entries[i].IsAdded)
                throw new TokenizerException($"{fileName}: id {_entries[i].Id} belongs to two tokens, '{Show(Text(owner))}' and '{Show(Text(i))}'.");
            owner = i;
        }
    }

    /// <returns>The id, or -1.</returns>
    public int Find(ReadOnlySpan<byte> piece)
    {
        int entry = _slots[FindSlot(piece)];
        return entry == 0 ? -1 : _entries[entry - 1].Id;
    }

    /// <summary>As <see cref="Find(ReadOnlySpan{byte})"/>, for ordinary text: special tokens are not found.</summary>
    public int FindOrdinary(ReadOnlySpan<byte> piece) => Find(piece) is >= 0 and int id && !Special.Contains(id) ? id : -1;

    public int Find(string piece) => Find(Encoding.UTF8.GetBytes(piece));

    public bool Contains(int id) => (uint)id < (uint)_entryOfId.Length && _entryOfId[id] >= 0;

    /// <summary>The piece as the file writes it, in UTF-8; empty where no piece has the id.</summary>
    public ReadOnlySpan<byte> Piece(int id) => Contains(id) ? Text(_entryOfId[id]) : default;

    private ReadOnlySpan<byte> Text(int entry) => _text.AsSpan(_entries[entry].Start, _entries[entry].Length);

    private int FindSlot(ReadOnlySpan<byte> piece)
    {
        int mask = _slots.Length - 1;
        int slot = (int)(SpanHash.Of(piece) & (uint)mask);
        while (_slots[slot] != 0 && !Text(_slots[slot] - 1).SequenceEqual(piece)) slot = (slot + 1) & mask;
        return slot;
    }

    private void GrowSlots()
    {
        _slots = new int[_slots.Length * 2];
        for (int i = 0; i < _count; i++) _slots[FindSlot(Text(i))] = i + 1;     // in order, so the last of equal pieces stays the one that is found
    }

    private static string Show(ReadOnlySpan<byte> piece) => Encoding.UTF8.GetString(piece[..Math.Min(piece.Length, 64)]);

    private readonly record struct Entry(int Start, int Length, int Id, bool IsAdded);
}
