using System.Runtime.CompilerServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>The tiles in C#, for processors and systems where nothing is emitted, and what emitted ones are checked against: the same bits.</summary>
/// <remarks>Codes and rounded activations are multiplied as fp32: the sum of 32 products stays under 2^24, so it is exact.</remarks>
internal readonly unsafe struct PortableRoundedKernel<TSimd, TV, TFormat> : IRoundedKernel
    where TSimd : ISimd<TV> where TV : struct where TFormat : IBlockFormat
{
    public int MaxRows => 8;

    public int Lanes(int rows) => Panel.Lanes;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(RoundedTile* tile, int rows)
    {
        var panel = RoundedPanel.Of<TFormat>();
        float* w = stackalloc float[RoundedPanel.UnitInputs * Panel.Lanes], x = stackalloc float[RoundedPanel.UnitInputs];
        int inputs = panel.GroupInputs;
        for (int block = 0, unit = 0, group = 0; block < tile->Blocks; block++)
        {
            byte* scales = tile->Scales + (long)block * panel.BlockBytes, words = tile->Words + (long)block * panel.BlockBytes;
            for (int blockUnit = 0; blockUnit < panel.Units; blockUnit++, unit++)
            {
                for (int part = 0; part < panel.Groups; part++, group++)
                {
                    int blockGroup = blockUnit * panel.Groups + part;
                    Decode(words + blockGroup * QuantizedPanel<TFormat>.GroupBytes, inputs, w);
                    for (int row = 0; row < rows; row++)
                    {
                        sbyte* codes = (sbyte*)((byte*)tile->X + unit * tile->XStride) + row * RoundedPanel.UnitInputs + part * inputs;
                        for (int k = 0; k < inputs; k++) x[k] = codes[panel.Bits == 4 ? (k & ~7) + (k >> 1 & 3) + (k & 1) * 4 : k];
                        float xScale = ((float*)((byte*)tile->XScales + unit * tile->ScalesStride))[row];
                        float xSum = panel.HasMins ? ((float*)((byte*)tile->Corrections + group * tile->ScalesStride))[row] : 0;
                        Add(w, x, inputs, xScale, xSum, scales, blockGroup, tile->Sums + row * Panel.Lanes);
                    }
                }
            }
        }
    }

    /// <summary>Codes less their offset of a group: [inputs, 32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Decode(byte* words, int inputs, float* w)
    {
        int perWord = QuantizedPanel<TFormat>.CodesPerWord;
        TV offset = TSimd.Broadcast(-TFormat.Offset);
        for (int lane = 0; lane < Panel.Lanes; lane += TSimd.Count)
        {
            TV bits = default;
            for (int k = 0; k < inputs; k++)
            {
                if (k % perWord == 0) bits = PanelWords<TSimd, TV, TFormat>.Load(words + lane * sizeof(uint), k / perWord);
                TSimd.Store(TSimd.Add(PanelWords<TSimd, TV, TFormat>.Next(ref bits), offset), w + k * Panel.Lanes + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* w, float* x, int inputs, float xScale, float xSum, byte* block, int group, float* sums)
    {
        for (int lane = 0; lane < Panel.Lanes; lane += TSimd.Count)
        {
            TV dot = default;
            for (int k = 0; k < inputs; k++) dot = TSimd.MultiplyAdd(TSimd.Load(w + k * Panel.Lanes + lane), TSimd.Broadcast(x[k]), dot);
            TV scale = Scale(block, 0, QuantizedPanel<TFormat>.FactorsOffset, group, lane);
            TV sum = TSimd.MultiplyAdd(dot, TSimd.Multiply(TSimd.Broadcast(xScale), scale), TSimd.Load(sums + lane));
            if (TFormat.HasMins) sum = TSimd.MultiplyAdd(TSimd.Broadcast(xSum), Scale(block, QuantizedPanel<TFormat>.MinsOffset, QuantizedPanel<TFormat>.MinFactorsOffset, group, lane), sum);
            TSimd.Store(sum, sums + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TV Scale(byte* block, int scaleOffset, int factorsOffset, int group, int lane)
    {
        TV scale = Half<TSimd, TV>.ToSingle(TSimd.LoadInt16(block + scaleOffset + lane * sizeof(ushort)));
        return QuantizedPanel<TFormat>.HasFactors ? TSimd.Multiply(scale, TSimd.ToSingle(TSimd.LoadInt8(block + factorsOffset + group * Panel.Lanes + lane))) : scale;
    }
}
