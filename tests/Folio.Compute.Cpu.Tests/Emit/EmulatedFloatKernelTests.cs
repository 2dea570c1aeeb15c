using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Kernels of exact activations of both widths, emulated: this processor may lack the wide ones.</summary>
public sealed unsafe class EmulatedFloatKernelTests
{
    private const int Steps = 3, Inputs = Steps * FloatTile.Step;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Sums_are_chains_of_multiply_adds_and_nothing_but_the_tile_is_touched(bool half, bool wide)
    {
        for (int rows = 1; rows <= FloatKernelEmitter.MaxRows(wide); rows++)
        {
            int lanes = FloatKernelEmitter.Vectors(wide, rows) * (wide ? 16 : 8), perWord = half ? 2 : 1, wordRows = Inputs / perWord;
            float[] w = [.. Given.Values(Inputs * Panel.Lanes, seed: rows).Select(value => half ? BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000) : value)];
            float[] x = Given.Values(Inputs * rows, seed: 20 + rows), before = Given.Values(rows * Panel.Lanes, seed: 40 + rows), sums = [.. before];
            uint[] panel = new uint[wordRows * Panel.Lanes];
            for (int i = 0; i < w.Length; i++)
            {
                (int input, int lane) = (i / Panel.Lanes, i % Panel.Lanes);
                uint bits = BitConverter.SingleToUInt32Bits(w[i]);
                panel[input / perWord * Panel.Lanes + lane] |= half && input % 2 == 0 ? bits >> 16 : bits;
            }

            fixed (uint* words = panel)
            fixed (float* activations = x, totals = sums)
            {
                var tile = new FloatTile { Words = (byte*)words, X = activations, Sums = totals, Steps = Steps };
                var memory = new EmulatedMemory().Readable(&tile, sizeof(FloatTile)).Readable(activations, x.Length * sizeof(float));
                for (int word = 0; word < wordRows; word++) memory.Readable(words + word * Panel.Lanes, lanes * sizeof(uint));
                for (int row = 0; row < rows; row++) memory.Writable(totals + row * Panel.Lanes, lanes * sizeof(float));
                new Emulator(FloatKernelEmitter.Emit(half, wide, rows)).Call(&tile, memory, new Random(1));
            }

            for (int row = 0; row < rows; row++)
            {
                for (int lane = 0; lane < Panel.Lanes; lane++)
                {
                    float sum = before[row * Panel.Lanes + lane];
                    for (int k = 0; k < Inputs && lane < lanes; k++) sum = MathF.FusedMultiplyAdd(w[k * Panel.Lanes + lane], x[k * rows + row], sum);
                    Assert.Equal(sum, sums[row * Panel.Lanes + lane]);
                }
            }
        }
    }
}
