using System.Numerics;

namespace Folio.Tokenization.Bpe;

/// <summary>A pair of symbols that join.</summary>
internal readonly record struct MergeRule(int Left, int Right, int Rank, int Result);

/// <summary>The pairs of symbols that join: (left, right) → rank and result. The lowest rank joins first, the leftmost among equals.</summary>
/// <remarks>Merging is bound by look-ups that miss the cache, so a slot is one word: left, right and rank; results lie apart and are read once a merge.</remarks>
internal sealed class MergeTable
{
    public const int NoRank = int.MaxValue;

    private const ulong Free = ulong.MaxValue;

    private readonly int _symbols;
    private readonly int _symbolBits, _rankBits;
    private ulong[] _slots = [];        // (left, right, rank), Free where empty
    private int[] _results = [];
    private int _shift;                 // of the hash, to an index of _slots
    private int _count;

    /// <param name="symbols">All symbols are below it.</param>
    /// <param name="expected">How many pairs are to come, roughly.</param>
    public MergeTable(int symbols, int expected)
    {
        _symbols = symbols;
        _symbolBits = 64 - BitOperations.LeadingZeroCount((ulong)symbols + 1);      // no pair is all ones, which is Free
        _rankBits = 64 - (2 * _symbolBits);
        SetSize(Math.Clamp(BitOperations.Log2(((uint)Math.Max(expected, 1) * 3 / 2) | 1) + 1, 8, 29));
    }

    /// <summary>A pair that is there already takes the new rank, as in Hugging Face's table.</summary>
    public void Add(int left, int right, int rank, int result)
    {
        if (rank >= (1L << Math.Min(_rankBits, 31)) - 1) throw new TokenizerException($"a vocabulary of {_symbols} tokens can have at most {1L << _rankBits} merges.");
        if (_count * 3L >= _slots.Length * 2L) Grow();
        ulong pair = Pair(left, right);
        int slot = FindSlot(pair);
        if (_slots[slot] == Free) _count++;
        _slots[slot] = (pair << _rankBits) | (uint)rank;
        _results[slot] = result;
    }

    /// <param name="left">The left symbol.</param>
    /// <param name="right">The right symbol.</param>
    /// <param name="slot">For <see cref="Result"/>, where there is a rank.</param>
    public int Rank(int left, int right, out int slot)
    {
        slot = FindSlot(Pair(left, right));
        ulong found = _slots[slot];
        return found == Free ? NoRank : (int)(found & ((1UL << _rankBits) - 1));
    }

    /// <summary>What a pair becomes.</summary>
    public int Result(int slot) => _results[slot];

    public IEnumerable<MergeRule> Rules()
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i] == Free) continue;
            ulong pair = _slots[i] >> _rankBits;
            int rank = (int)(_slots[i] & ((1UL << _rankBits) - 1));
            yield return new MergeRule((int)(pair >> _symbolBits), (int)(pair & ((1UL << _symbolBits) - 1)), rank, _results[i]);
        }
    }

    private ulong Pair(int left, int right) => ((ulong)(uint)left << _symbolBits) | (uint)right;

    private int FindSlot(ulong pair)
    {
        ulong[] slots = _slots;
        int at = (int)((pair * 0x9E3779B97F4A7C15) >> _shift);
        while (slots[at] != Free && slots[at] >> _rankBits != pair) at = (at + 1) & (slots.Length - 1);
        return at;
    }

    private void Grow()
    {
        (ulong[] slots, int[] results) = (_slots, _results);
        SetSize(64 - _shift + 1);
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i] == Free) continue;
            int slot = FindSlot(slots[i] >> _rankBits);
            (_slots[slot], _results[slot]) = (slots[i], results[i]);
        }
    }

    private void SetSize(int bits)
    {
        _slots = new ulong[1 << bits];
        _results = new int[1 << bits];
        Array.Fill(_slots, Free);
        _shift = 64 - bits;
    }
}
