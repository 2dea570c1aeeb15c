namespace Folio.Tokenization.Bpe;

/// <summary>The pairs of symbols that join: (left, right) → rank and result. The lowest rank joins first, the leftmost among equals.</summary>
internal sealed class MergeTable
{
    public const int NoRank = int.MaxValue;

    private Slot[] _slots;
    private int _count;
    private int _shift;

    public MergeTable(int expected)
    {
        int bits = 8;
        while ((1L << bits) < 2L * expected && bits < 30) bits++;
        (_slots, _shift) = NewSlots(bits);
    }

    /// <summary>
    /// True where every symbol is used only by pairs of higher rank than those that make it. Then a sequence of tokens is the encoding of a text
    /// if and only if each two neighbours are the encoding of their own text, which lets long texts be merged window by window (<see cref="Merger"/>).
    /// </summary>
    /// <remarks>M. Berglund, B. van der Merwe, "Formalizing BPE Tokenization" (2023): "proper" dictionaries.</remarks>
    public bool IsProper { get; private set; }

    /// <summary>A pair that is there already takes the new rank, as in Hugging Face's table.</summary>
    public void Add(int left, int right, int rank, int result)
    {
        if (_count * 2 >= _slots.Length) Grow();
        ulong key = Key(left, right);
        ref Slot slot = ref FindSlot(key);
        if (slot.Key == Slot.Free) _count++;
        slot = new Slot(key, rank, result);
    }

    /// <summary>All pairs are in: finds out whether they are proper.</summary>
    /// <param name="symbols">The number of symbols; all ids are below it.</param>
    public void Seal(int symbols)
    {
        int[] made = new int[symbols], used = new int[symbols];
        Array.Fill(made, -1);
        Array.Fill(used, NoRank);
        foreach (Slot slot in _slots)
        {
            if (slot.Key == Slot.Free) continue;
            int left = (int)(slot.Key >> 32), right = (int)(uint)slot.Key;
            made[slot.Result] = Math.Max(made[slot.Result], slot.Rank);
            used[left] = Math.Min(used[left], slot.Rank);
            used[right] = Math.Min(used[right], slot.Rank);
        }

        IsProper = true;
        for (int i = 0; i < symbols && IsProper; i++) IsProper = made[i] < used[i];
    }

    public int Rank(int left, int right)
    {
        Slot slot = FindSlot(Key(left, right));
        return slot.Key == Slot.Free ? NoRank : slot.Rank;
    }

    /// <summary>What a pair that is known to join becomes.</summary>
    public int Result(int left, int right) => FindSlot(Key(left, right)).Result;

    /// <summary>True where some pair joins a left and a right symbol for which <paramref name="meets"/> holds.</summary>
    public bool Any(Func<int, int, bool> meets)
    {
        foreach (Slot slot in _slots)
        {
            if (slot.Key != Slot.Free && meets((int)(slot.Key >> 32), (int)(uint)slot.Key)) return true;
        }

        return false;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private ref Slot FindSlot(ulong key)
    {
        int mask = _slots.Length - 1;
        int at = (int)((key * 0x9E3779B97F4A7C15) >> _shift);
        while (_slots[at].Key != key && _slots[at].Key != Slot.Free) at = (at + 1) & mask;
        return ref _slots[at];
    }

    private void Grow()
    {
        Slot[] old = _slots;
        (_slots, _shift) = NewSlots(64 - _shift + 1);
        foreach (Slot slot in old)
        {
            if (slot.Key != Slot.Free) FindSlot(slot.Key) = slot;
        }
    }

    private static (Slot[] Slots, int Shift) NewSlots(int bits)
    {
        var slots = new Slot[1 << bits];
        Array.Fill(slots, new Slot(Slot.Free, NoRank, -1));
        return (slots, 64 - bits);
    }

    private readonly record struct Slot(ulong Key, int Rank, int Result)
    {
        public const ulong Free = ulong.MaxValue;
    }
}
