using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>many_rows.cu, emulated, for a weight whose inputs are cut into so many segments.</summary>
internal sealed class EmulatedManyRows(WeightFormat format, byte[] codes, ushort[] groups, int inputs, int outputs, int segments)
{
    /// <summary>x · wᵀ, or 1 + (x · wᵀ + i), i being the output's index.</summary>
    /// <param name="x">bf16.</param>
    public float[] Product(ReadOnlySpan<ushort> x, int rows, int tileRows, bool adds = false)
    {
        var tile = new ManyRowsTile(tileRows, format);
        var plan = new ManyRowsPlan(tileRows, segments, (rows + tileRows - 1) / tileRows, (outputs + ManyRowsTile.Outputs - 1) / ManyRowsTile.Outputs);
        int blocks = plan.RowBlocks * plan.OutputBlocks;
        using var w = new GuardedBuffer<byte>(codes);
        using var g = new GuardedBuffer<ushort>(groups);
        using var input = new GuardedBuffer<ushort>(x[..(rows * inputs)]);
        using var bias = new GuardedBuffer<float>([.. Enumerable.Range(0, outputs).Select(output => (float)output)]);
        using var y = new GuardedBuffer<float>(rows * outputs);
        using var sums = new GuardedBuffer<float>(blocks * segments * tileRows * ManyRowsTile.Outputs);
        using var arrived = new GuardedBuffer<int>(blocks);
        y.Span.Fill(1);
        sums.Span.Fill(float.NaN);
        var product = new LinearArguments(input.Address, new(w.Address, g.Address, inputs), adds ? bias.Address : 0, y.Address, rows, outputs, inputs, outputs, Accumulate: adds ? 1 : 0);
        EmulatedKernel.Of("many_rows.cu", tile.Definitions(DType.BF16)).Launch(
            "many_rows", new ManyRowsArguments(product, sums.Address, arrived.Address, segments), (plan.RowBlocks, plan.GridY, 1), tile.Threads, tile.SharedBytes);
        Assert.All(arrived.Span.ToArray(), count => Assert.Equal(0, count)); // for the next launch
        return y.Span.ToArray();
    }
}
