using Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Products of a deterministic backend.</summary>
public sealed unsafe class ManyRowsTests : IDisposable
{
    private const int Outputs = 40, Inputs = 1024, Rows = 140; // four segments

    private readonly CudaBackend _backend = CardRunner.Backend(DType.BF16, deterministic: true);

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void A_row_has_the_same_bits_alone_in_a_batch_and_in_a_prompt()
    {
        var random = new Random(5);
        ushort[] stored = [.. Enumerable.Range(0, Outputs * Inputs).Select(_ => (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16))];
        Tensor values = _backend.Allocate(Rows, Inputs), x = _backend.Allocate(Rows, Inputs, DType.BF16);
        _backend.Write(values, [.. Enumerable.Range(0, Rows * Inputs).Select(_ => random.NextSingle() - 0.5f)]);
        _backend.Convert(values, x);
        Weight w;
        fixed (ushort* data = stored)
        {
            w = _backend.Pack(new WeightSource("w", DType.BF16, Outputs, Inputs, (nint)data, 2L * stored.Length));
            _backend.EndWeights();
        }

        float[][] prompt = Product(Rows);
        foreach (int rows in (int[])[1, 20, 66]) Assert.Equal(prompt[..rows], Product(rows)); // a tile of 16 and one of 64 rows, and two

        float[][] Product(int rows)
        {
            Tensor y = _backend.Allocate(rows, Outputs);
            _backend.Linear(x with { Rows = rows }, w, default, y);
            return [.. Enumerable.Range(0, rows).Select(row => _backend.HostRow(y, row).ToArray())];
        }
    }
}
