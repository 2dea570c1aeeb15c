using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>The card's memory and pinned memory.</summary>
public sealed class MemoryTests
{
    [Fact]
    public void Memory_is_counted_and_ends()
    {
        using var card = new Card(memoryBytes: 1 << 20);
        nint half = card.Allocate(1 << 19);
        Assert.Equal(0, CudaDriver.cuMemGetInfo(out nuint free, out nuint total));
        Assert.Equal((1u << 19, 1u << 20), (free, total));
        Assert.Equal(CudaDriver.OutOfMemory, CudaDriver.cuMemAlloc(out _, (1 << 19) + 1));
        Assert.Equal("CUDA_ERROR_OUT_OF_MEMORY (out of memory)", CudaDriver.Describe(CudaDriver.OutOfMemory));
        Card.Check(CudaDriver.cuMemFree(half));
        card.Allocate(1 << 20);
    }

    [Fact]
    public void New_memory_is_no_number_and_at_a_multiple_of_256()
    {
        using var card = new Card();
        nint stream = card.Stream();
        foreach (int bytes in (int[])[4, 100, 4096, 12300])
        {
            nint memory = card.Allocate(bytes);
            Assert.Equal(0, memory % 256);
            Assert.All(card.Download(memory, bytes / 4, stream), value => Assert.Equal(float.NaN, value));
        }
    }

    [Fact]
    public void A_copy_that_leaves_its_buffer_is_refused()
    {
        using var card = new Card();
        nint stream = card.Stream(), memory = card.Allocate(64);
        Assert.Equal(Status.InvalidValue, CudaDriver.cuMemsetD8Async(memory + 32, 0, 33, stream));
        Assert.Equal(Status.InvalidValue, CudaDriver.cuMemcpyDtoDAsync(memory, memory + 1, 64, stream));
        Assert.Equal(Status.InvalidValue, CudaDriver.cuMemFree(memory + 256));
        Card.Check(CudaDriver.cuMemFree(memory));
        Assert.Equal(Status.InvalidValue, CudaDriver.cuMemFree(memory));
        Assert.Equal(Status.InvalidValue, CudaDriver.cuMemsetD8Async(memory, 0, 1, stream));
    }

    [Fact]
    public void A_thread_without_the_context_is_refused()
    {
        using var card = new Card();
        int status = 0;
        var thread = new Thread(() => status = CudaDriver.cuMemAlloc(out _, 16));
        thread.Start();
        thread.Join();
        Assert.Equal(Status.InvalidContext, status);
    }
}
