using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Tests.Emit;

namespace Folio.Compute.Cpu.Tests.Attention;

public sealed unsafe class AttentionTileTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(3)]
    public void Tiles_are_emitted_where_the_level_has_them_and_give_the_portable_bits(int headDim)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && CpuIsa.Avx2.IsSupported(), "this processor lacks AVX2, or kernels can't be emitted on this system");
        using var memory = new ExecutableMemory();
        Assert.True(AttentionTiles.Create(headDim, CpuIsas.Best, memory).IsEmitted);
        Assert.False(AttentionTiles.Create(headDim, CpuIsa.Portable, memory).IsEmitted);
    }

    [Theory]
    [InlineData(false, true, 8, false)]
    [InlineData(false, false, 1, true)]
    [InlineData(true, true, 8, true)]
    [InlineData(true, false, 1, false)]
    public void Sums_are_chains_of_multiply_adds_and_nothing_but_the_tile_is_touched(bool wide, bool fresh, int unroll, bool windows)
    {
        const int tiles = 2;
        int lanes = wide ? 32 : 16, steps = 3 * unroll, wRow = tiles * lanes + 8, xRow = steps + 5, sumRow = tiles * lanes + 16;
        for (int rows = 1; rows <= AttentionTileEmitter.MaxRows(wide); rows++)
        {
            float[] w = Given.Values(steps * wRow, seed: rows), x = Given.Values(rows * xRow, seed: 20 + rows), before = Given.Values(rows * sumRow, seed: 40 + rows), sums = [.. before];
            var strides = new AttentionStrides(xRow * sizeof(float), wRow * sizeof(float), sumRow * sizeof(float), fresh);
            fixed (float* columns = w, numbers = x, totals = sums)
            {
                var arguments = new AttentionTileArguments { W = columns, X = numbers, Sums = totals, Steps = steps / unroll, Tiles = tiles };
                var memory = new EmulatedMemory().Readable(&arguments, sizeof(AttentionTileArguments));
                for (int k = 0; k < steps; k++) memory.Readable(columns + k * wRow, tiles * lanes * sizeof(float));
                for (int row = 0; row < rows; row++)
                {
                    memory.Readable(numbers + row * xRow, steps * sizeof(float));
                    memory.Writable(totals + row * sumRow, tiles * lanes * sizeof(float));
                }

                new Emulator(AttentionTileEmitter.Emit(wide, windows ? Abi.Windows : Abi.SystemV, rows, strides, unroll)).Call(&arguments, memory, new Random(1), windows);
            }

            for (int i = 0; i < sums.Length; i++)
            {
                (int row, int lane) = (i / sumRow, i % sumRow);
                float sum = fresh && lane < tiles * lanes ? 0 : before[i];
                for (int k = 0; k < steps && lane < tiles * lanes; k++) sum = MathF.FusedMultiplyAdd(w[k * wRow + lane], x[row * xRow + k], sum);
                Assert.Equal(sum, sums[i]);
            }
        }
    }
}
