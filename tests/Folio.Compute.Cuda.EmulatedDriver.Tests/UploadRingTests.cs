using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

public sealed class UploadRingTests
{
    [Theory]
    [InlineData(1), InlineData(60), InlineData(64)]
    public void What_was_put_is_not_overwritten_before_the_card_has_read_it(int numbers)
    {
        const int rounds = 40;
        Compute.Cuda.Tests.Emulation.EmulatedCuda.Require();
        using var context = new CudaContext(0);
        var ring = new UploadRing(context, partBytes: 512);
        nint result = context.Allocate(rounds * numbers * sizeof(int), "the result");
        for (int round = 0; round < rounds; round++)
        {
            nint first = ring.Put<int>([.. Enumerable.Range(round * numbers, numbers)]);
            _ = ring.Put<int>([-1]); // what is put before the launch may lie in the next part
            CudaContext.Check(CudaDriver.cuMemcpyDtoDAsync(result + round * numbers * sizeof(int), first, (nuint)(numbers * sizeof(int)), context.Stream), "the copy");
        }

        int[] found = new int[rounds * numbers];
        unsafe
        {
            fixed (int* to = found) context.Download(to, result, found.Length * sizeof(int));
        }

        CudaContext.Synchronize(context.Stream);
        Assert.Equal(Enumerable.Range(0, rounds * numbers), found);
    }
}
