using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the reading of codes of 6 bits, sixteen of which lie in three words: see <see cref="Panel"/>.</summary>
internal static class SixBits
{
    /// <summary>Call it for words 0, 1, 2 and 3 of sixteen codes in this order: the last one has no bytes of its own, its bits are collected from the others.</summary>
    /// <param name="words">The group's first.</param>
    /// <param name="word">Of the group, four codes each.</param>
    /// <param name="to">Receives words 0 to 2; the next register holds what is there of the last word, and in the end all of it.</param>
    /// <param name="scratch">Overwritten.</param>
    /// <param name="mask">0x3F in each byte.</param>
    public static void Emit(X64Assembler asm, Mem words, int word, int to, int scratch, int mask)
    {
        int place = word % 4;
        if (place == 3) return;
        words = words with { Offset = words.Offset + (word / 4 * 3 + place) * Panel.WordBytes };
        if (words.Offset % 64 == 0) asm.Prefetch(words with { Offset = words.Offset + Panel.Ahead });
        asm.Op(VectorOp.Load, to, words);
        int high = place == 0 ? to + 1 : scratch;
        asm.Op(VectorOp.AndNot, high, mask, to);
        asm.ShiftRight(high, high, (byte)(6 - 2 * place));
        if (place > 0) asm.Op(VectorOp.Or, to + 1, to + 1, high);
        asm.Op(VectorOp.And, to, to, mask);
    }
}
