using System.Runtime.Intrinsics;
using Folio.Compute;

namespace Folio.Models;

/// <summary>A matrix of codes of 4 or 8 bits with a scale and a zero point for each output and group of inputs: value = (code − zero) · scale.</summary>
/// <remarks>
/// Read as GGUF's blocks of 32 inputs, for which backends have kernels: the codes as they are, with d = scale and m = −zero · scale, both fp16 (Q4_1); where every zero point is 8,
/// as in symmetric quantisation, with d alone (Q4_0), which is exact. m is rounded where zero isn't a power of two, by 2⁻¹¹ of itself at most: that moves weights by 0.04 % (relative
/// RMS, models of the tests), where their quantisation has moved them by 8 to 10 %. fp16 values of the formula, as GPUs make them, are 0.02 % off. Symmetric codes of 8 bits become Q8_0,
/// exactly.
/// </remarks>
internal sealed unsafe class GroupedRows : RowReader
{
    public const int BlockInputs = 32;

    private readonly PackedIntegers _codes;
    private readonly PackedIntegers? _zeros;
    private readonly int _zeroOffset;
    private readonly ScaleTable _scales;
    private readonly int[] _groups; // [blocks of a row] whose scales they have
    private readonly DType _type;

    /// <param name="zeros">Null: all are the middle code. Of 4 bits only.</param>
    /// <param name="zeroOffset">What is added to them, modulo 16.</param>
    /// <param name="groups">[blocks of a row] where they find their scales and zero points.</param>
    public GroupedRows(int bits, PackedIntegers codes, PackedIntegers? zeros, int zeroOffset, ScaleTable scales, int[] groups)
    {
        (_codes, _zeros, _zeroOffset, _scales, _groups) = (codes, zeros, zeroOffset, scales, groups);
        _type = bits == 8 ? DType.Q8_0 : zeros is null ? DType.Q4_0 : DType.Q4_1;
    }

    private long RowBytes => (long)_groups.Length * QuantizedBlocks.BlockBytes(_type);

    public WeightSource Source(string name, int rows, int columns) => new(name, _type, rows, columns, Data: 0, rows * RowBytes, Reader: this);

    /// <remarks>Where groups aren't runs of one length, each block has scales of its own.</remarks>
    public override int ScaleColumns
    {
        get
        {
            int run = _groups.TakeWhile(group => group == _groups[0]).Count();
            bool regular = _groups.Length % run == 0 && !_groups.Where((group, block) => group != _groups[block - block % run]).Any();
            return regular ? run * BlockInputs : 0;
        }
    }

    public override void Read(int first, int count, byte* rows)
    {
        const int most = 32;
        byte* codes = stackalloc byte[most * BlockInputs];
        int blockBytes = QuantizedBlocks.BlockBytes(_type);
        for (int start = 0; start < count; start += most)
        {
            int part = Math.Min(most, count - start);
            for (int block = 0; block < _groups.Length; block++)
            {
                _codes.Unpack(first + start, part, block * BlockInputs, codes);
                for (int i = start; i < start + part; i++) Write(first + i, _groups[block], codes + (i - start) * BlockInputs, rows + i * RowBytes + (long)block * blockBytes);
            }
        }
    }

    private void Write(int output, int group, byte* codes, byte* block)
    {
        float scale = _scales[output, group];
        *(Half*)block = (Half)scale;
        block += sizeof(Half);
        if (_type == DType.Q8_0)
        {
            (Vector256.Load(codes) ^ Vector256.Create((byte)0x80)).Store(block);
            return;
        }

        if (_zeros is { } zeros)
        {
            *(Half*)block = (Half)(-scale * (zeros[output, group] + _zeroOffset & 15));
            block += sizeof(Half);
        }

        (Vector128.Load(codes) | Vector128.Load(codes + 16) << 4).Store(block);
    }
}
