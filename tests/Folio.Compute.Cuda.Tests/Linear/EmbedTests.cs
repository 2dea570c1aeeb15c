using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Rows of a stored table, emulated, beside its values as Folio.Compute reads them.</summary>
public sealed class EmbedTests
{
    private const int Columns = 256, Ids = 5;

    [Theory]
    [InlineData(DType.F32), InlineData(DType.BF16), InlineData(DType.F16), InlineData(DType.Q8_0), InlineData(DType.Q4_0), InlineData(DType.Q5_K), InlineData(DType.Q6_K)]
    public void Rows_are_looked_up_by_ids_that_are_known_or_were_drawn_by_the_step_before(DType type)
    {
        byte[] stored = StoredWeights.Random(type, Ids * Columns);
        float[] table = new float[Ids * Columns];
        QuantizedBlocks.Dequantize(type, stored, table);
        var format = WeightFormat.Of(type);
        using var codes = new GuardedBuffer<byte>((int)format.CodeBytes(Ids * Columns));
        using var groups = new GuardedBuffer<ushort>((int)format.GroupValues(Ids * Columns));
        WeightPacker.Pack(type, format, stored, codes.Span, groups.Span);

        using var ids = new GuardedBuffer<int>([4, -2, 0]);
        using var drawn = new GuardedBuffer<int>([1, 3]);
        using var y = new GuardedBuffer<float>(3 * Columns);
        y.Span.Fill(1);
        EmulatedKernel.Of("embed.cu", format.Definitions).Launch("embed", new EmbedArguments(
            new(codes.Address, groups.Address, Columns), ids.Address, drawn.Address, y.Address, Columns, Columns, Accumulate: 1), (3, 1, 1), 32, 0);
        int[] expected = [4, 3, 0];
        for (int i = 0; i < 3 * Columns; i++)
        {
            float value = table[expected[i / Columns] * Columns + i % Columns];
            Assert.Equal(1 + value, y.Span[i], Math.Abs(value) * 2e-3 + 2e-3); // scales are kept in fp16
        }
    }
}
