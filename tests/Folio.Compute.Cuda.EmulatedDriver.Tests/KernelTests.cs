using Folio.Compute.Cuda.Elementwise;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Kernels from their source to their results, through the driver's calls.</summary>
public sealed class KernelTests
{
    [Fact]
    public void A_kernel_is_compiled_loaded_launched_and_its_results_come_back()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(64), y = card.Allocate(64);
        float[] values = [.. Enumerable.Range(0, 16).Select(i => (float)i)];
        card.Upload(x, values, stream);
        card.Upload(y, values, stream);
        card.Launch(card.Kernel("add", "elementwise.cu", "TABLE=float", "Y=float"), new AddArguments(x, y, 8, 8, 8), grid: 2, threads: 32, stream);
        Assert.Equal(values.Select(value => 2 * value), card.Download(x, 16, stream));
    }
}
