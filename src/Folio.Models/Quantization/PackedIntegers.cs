using System.Runtime.CompilerServices;
using Folio.Formats;

namespace Folio.Models;

/// <summary>A matrix of unsigned numbers of 4 or 8 bits, one for each output and column, of which several neighbours along one axis lie in a word of 32 bits.</summary>
/// <remarks>All of AWQ's, GPTQ's and compressed-tensors' codes and zero points are one of these: they differ in which axis comes first in memory, and which is packed.</remarks>
internal readonly unsafe struct PackedIntegers
{
    private readonly uint* _words;
    private readonly long _outputStride, _columnStride; // in words
    private readonly int _bits, _eachLog; // 2^_eachLog numbers in a word
    private readonly bool _packsOutputs, _interleaved;

    /// <param name="source">The file that says what is expected: config.json.</param>
    /// <param name="outputsFirst">Stored as [outputs, columns]; else [columns, outputs].</param>
    /// <param name="packsOutputs">A word holds neighbouring outputs; else neighbouring columns.</param>
    /// <param name="interleaved">AWQ's order: numbers 0 2 4 6 1 3 5 7 of eight, from the lowest bits on; else ascending.</param>
    public PackedIntegers(StoredTensor tensor, string source, int bits, int outputs, int columns, bool outputsFirst, bool packsOutputs, bool interleaved = false)
    {
        int each = 32 / bits, packed = packsOutputs ? outputs : columns;
        if (packed % each != 0) throw tensor.Problem($"holds {each} numbers in each word; {packed} {(packsOutputs ? "outputs" : "inputs")} can't be stored so.");
        (int outputWords, int columnWords) = packsOutputs ? (outputs / each, columns) : (outputs, columns / each);
        tensor.ExpectType(source, TensorType.I32);
        if (outputsFirst) tensor.ExpectShape(source, outputWords, columnWords);
        else tensor.ExpectShape(source, columnWords, outputWords);

        _words = (uint*)tensor.Data;
        (_outputStride, _columnStride) = outputsFirst ? (columnWords, 1) : (1, outputWords);
        (_bits, _eachLog, _packsOutputs, _interleaved) = (bits, bits == 4 ? 3 : 2, packsOutputs, interleaved);
        Words = (long)outputWords * columnWords;
    }

    private long Words { get; }

    public int this[int output, int column]
    {
        get
        {
            (int packed, int other) = _packsOutputs ? (output, column) : (column, output);
            long word = (packed >> _eachLog) * (_packsOutputs ? _outputStride : _columnStride) + other * (_packsOutputs ? _columnStride : _outputStride);
            int slot = packed & (1 << _eachLog) - 1;
            return (int)(Word(word) >> _bits * (_interleaved ? slot % 2 * 4 + slot / 2 : slot)) & (1 << _bits) - 1;
        }
    }

    /// <summary>Whether all numbers are this one.</summary>
    public bool AreAll(int number)
    {
        uint repeated = (uint)number * (_bits == 4 ? 0x11111111u : 0x01010101u);
        for (long word = 0; word < Words; word++) if (Word(word) != repeated) return false;
        return true;
    }

    /// <summary>The numbers of neighbouring outputs at 32 neighbouring columns: [count, 32].</summary>
    /// <param name="column">The first; a multiple of 32.</param>
    public void Unpack(int output, int count, int column, byte* numbers)
    {
        if (_packsOutputs)
        {
            for (int first = output & -8; first < output + count; first += 8)
                for (int part = 0; part < 32; part += 8) UnpackSquare(first, column + part, output, count, numbers + part);
            return;
        }

        for (int i = 0; i < count; i++, numbers += 32)
        {
            long word = (output + i) * _outputStride + (column >> _eachLog) * _columnStride;
            for (int k = 0; k < _bits; k++, word += _columnStride)
            {
                if (_bits == 4) Unsafe.WriteUnaligned(numbers + k * 8, Spread(Word(word)));
                else Unsafe.WriteUnaligned(numbers + k * 4, Word(word));
            }
        }
    }

    /// <summary>Numbers of 4 bits: eight outputs from <paramref name="first"/> on, whose words are turned round, at eight columns.</summary>
    private void UnpackSquare(int first, int column, int output, int count, byte* numbers)
    {
        uint* square = stackalloc uint[8]; // [columns, outputs], 4 bits each
        for (int k = 0; k < 8; k++) square[k] = Word((first >> 3) * _outputStride + (column + k) * _columnStride);
        Transpose(square);
        for (int slot = 0; slot < 8; slot++)
        {
            int row = first + (_interleaved ? slot % 4 * 2 + slot / 4 : slot) - output;
            if ((uint)row < (uint)count) Unsafe.WriteUnaligned(numbers + row * 32, Spread(square[slot]));
        }
    }

    private uint Word(long index) => Unsafe.ReadUnaligned<uint>(_words + index);

    /// <summary>Turns a square of 8 × 8 numbers of 4 bits: its quarters change places, then theirs, then theirs.</summary>
    private static void Transpose(uint* square)
    {
        for (int step = 4; step > 0; step /= 2)
        {
            uint mask = step == 4 ? 0x0000FFFFu : step == 2 ? 0x00FF00FFu : 0x0F0F0F0Fu;
            for (int i = 0; i < 8; i++)
            {
                if ((i & step) != 0) continue;
                uint changed = (square[i] >> 4 * step ^ square[i + step]) & mask;
                square[i] ^= changed << 4 * step;
                square[i + step] ^= changed;
            }
        }
    }

    /// <summary>Eight numbers of 4 bits to as many bytes, the lowest first.</summary>
    private static ulong Spread(ulong word)
    {
        word = (word | word << 16) & 0x0000FFFF0000FFFF;
        word = (word | word << 8) & 0x00FF00FF00FF00FF;
        return (word | word << 4) & 0x0F0F0F0F0F0F0F0F;
    }
}
