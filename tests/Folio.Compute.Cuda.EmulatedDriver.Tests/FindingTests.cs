using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>What kernels do wrong becomes an error that stays, and says what it was.</summary>
public sealed class FindingTests
{
    // Writes one float to x[at], or reads it into x[0].
    private const string Touch = """
        #include "gpu.cuh"
        struct Arguments { float* x; int64 at; int reads; };
        KERNEL(touch, Arguments, 32)
        {
            if (threadIdx.x != 0) return;
            if (a.reads != 0) a.x[0] = a.x[a.at];
            else a.x[a.at] = 1;
        }
        """;

    private record struct TouchArguments(nint X, long At, int Reads);

    [Theory]
    [InlineData(10, 0, "kernel touch wrote 0 bytes behind the end of 40 bytes of the card's memory")]
    [InlineData(11, 0, "kernel touch wrote 4 bytes behind the end of 40 bytes of the card's memory")]
    [InlineData(-1, 0, "kernel touch wrote 4 bytes before 40 bytes of the card's memory")]
    [InlineData(64, 0, "kernel touch reached 216 bytes behind the end of 40 bytes of the card's memory")]
    [InlineData(100_000, 1, "kernel touch reached 399960 bytes behind the end of 40 bytes of the card's memory")]
    [InlineData(1L << 50, 1, "kernel touch reached an address that is in no memory")]
    public void A_kernel_that_leaves_its_buffer(long at, int reads, string expected)
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(40);
        card.Launch(card.KernelOf("touch", Touch), new TouchArguments(x, at, reads), 1, 32, stream);
        Fails(expected, CudaDriver.cuStreamSynchronize(stream));
    }

    [Fact]
    public void An_error_stays_until_the_context_ends()
    {
        nint stream;
        using (var card = new Card())
        {
            stream = card.Stream();
            nint function = card.KernelOf("touch", Touch), x = card.Allocate(40);
            card.Launch(function, new TouchArguments(x, 10, 0), 1, 32, stream);
            Assert.Equal(Status.IllegalAddress, CudaDriver.cuCtxSynchronize());
            Assert.Equal(Status.IllegalAddress, CudaDriver.cuMemAlloc(out _, 16));
            Assert.Equal(Status.IllegalAddress, card.TryLaunch(function, new TouchArguments(x, 0, 0), (1, 1, 1), 32, stream));
        }

        using var next = new Card();
        next.Allocate(16);
    }

    [Fact]
    public void A_kernel_that_reaches_memory_that_was_freed()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(64);
        Card.Check(CudaDriver.cuMemFree(x));
        card.Launch(card.KernelOf("touch", Touch), new TouchArguments(x, 1, 0), 1, 32, stream);
        Fails("kernel touch reached byte 4 of 64 bytes of the card's memory, which were freed", CudaDriver.cuStreamSynchronize(stream));
    }

    [Theory]
    [InlineData("shared[0] = threadIdx.x;", "threads 0 (writes) and 1 (writes) race for byte 0 of shared memory")]
    [InlineData("float sum = shared[0]; (void)sum;", "thread 0 reads byte 0 of shared memory, which nobody wrote")]
    [InlineData("shared[32] = 0.0f;", "thread 0 writes 4 bytes outside its piece of shared memory (at 128)")]
    [InlineData("if (threadIdx.x < 16) __syncthreads();", "stuck: thread 0 waits at __syncthreads, line 7")]
    public void What_the_emulation_finds(string statement, string expected)
    {
        using var card = new Card();
        nint stream = card.Stream();
        nint function = card.KernelOf("wrong", $$"""
            #include "gpu.cuh"
            struct Arguments { int64 none; };
            KERNEL(wrong, Arguments, 32)
            {
                SharedArena arena;
                Shared<float> shared = arena.take<float>(32); (void)shared;
                {{statement}}
            }
            """);
        card.Launch(function, 0L, 1, 32, stream, sharedBytes: 128);
        Fails("kernel wrong: block (0, 0, 0): " + expected, CudaDriver.cuStreamSynchronize(stream));
    }

    [Theory]
    [InlineData("products_see_writes();", "", "byte 1024 of shared memory is read by a product; thread 0 wrote it and made no fence")]
    [InlineData("__syncthreads();", "", "threads 0 (writes) and 30 (reads) race for byte 1024 of shared memory")]
    [InlineData("products_begin(d);", "", "wgmma (line 11): thread 31 issues a product without a fence behind what it did with registers")]
    [InlineData("x.columns(0, 0)", "x.columns(warp_index() * 8, 0)", "wgmma (line 11): thread 32 has other descriptors than the rest of its warpgroup")]
    [InlineData("+ 1024}", "+ 128}", "wgmma (line 11): a descriptor of another layout than the 128-byte swizzle from a multiple of 1024 bytes on")]
    [InlineData("products_wait<0>(d);", "", "a warp ends with products under way that it never waited for")]
    public void What_the_emulation_finds_of_products_of_a_warpgroup(string right, string wrong, string expected)
    {
        using var card = new Card();
        nint stream = card.Stream();
        const string source = """
            #include "warpgroup.cuh"
            struct Arguments { int64 none; };
            KERNEL(wrong, Arguments, 128)
            {
                SharedArena arena;
                Panels<64> x = {arena.take<uint8>(72 * 128) + 1024};
                for (int i = threadIdx.x; i < 512; i += 128) store(x.piece(i / 8, i % 8), uint4{});
                float d[32];
                products_see_writes(); __syncthreads();
                products_begin(d);
                multiply_add_group<bf16>(d, x.columns(0, 0), x.columns(0, 0), false);
                products_commit(); products_wait<0>(d);
            }
            """;
        Assert.Contains(right, source);
        card.Launch(card.KernelOf("wrong", source.Replace(right, wrong)), 0L, 1, 128, stream, sharedBytes: 72 * 128);
        Fails("kernel wrong: block (0, 0, 0): " + expected, CudaDriver.cuStreamSynchronize(stream));
    }

    private static void Fails(string expected, int status)
    {
        Assert.Equal(Status.IllegalAddress, status);
        Assert.StartsWith("CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered: " + expected, CudaDriver.Describe(status));
    }
}
