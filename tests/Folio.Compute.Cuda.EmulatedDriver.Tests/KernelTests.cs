using Folio.Compute.Cuda.Elementwise;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Kernels from their source to their results, through the driver's calls.</summary>
public sealed unsafe class KernelTests
{
    private const string Fill = """
        #include "gpu.cuh"
        struct Arguments { float* x; float value; };
        KERNEL(fill, Arguments, 64) { a.x[blockIdx.x * blockDim.x + threadIdx.x] = a.value; }
        """;

    private record struct FillArguments(nint X, float Value);

    [Fact]
    public void A_kernel_is_compiled_loaded_launched_and_its_results_come_back()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(64), y = card.Allocate(64);
        float[] values = [.. Enumerable.Range(0, 16).Select(i => (float)i)];
        card.Upload(x, values, stream);
        card.Upload(y, values, stream);
        card.Launch(card.Kernel("add", "elementwise.cu", "Y=float"), new AddArguments(x, y, 8, 8, 8), grid: 2, threads: 32, stream);
        Assert.Equal(values.Select(value => 2 * value), card.Download(x, 16, stream));
    }

    [Fact]
    public void Arguments_are_copied_at_the_launch()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(256), function = card.KernelOf("fill", Fill);
        var arguments = new FillArguments(x, 1);
        nuint bytes = (nuint)sizeof(FillArguments);
        void*[] extra = [(void*)1, &arguments, (void*)2, &bytes, null]; // the other way of giving them: a buffer and its length
        fixed (void** pointer = extra) Card.Check(CudaDriver.cuLaunchKernel(function, 1, 1, 1, 64, 1, 1, 0, stream, null, pointer));
        arguments.Value = 2;
        Assert.Equal(1, card.Download(x, 64, stream)[63]);

        bytes++;
        fixed (void** pointer = extra) Assert.Equal(Status.InvalidValue, CudaDriver.cuLaunchKernel(function, 1, 1, 1, 64, 1, 1, 0, stream, null, pointer));
    }

    [Theory]
    [InlineData(0, 1, 32, 0, Status.InvalidValue)]
    [InlineData(1, 65536, 32, 0, Status.InvalidValue)]
    [InlineData(1, 1, 0, 0, Status.InvalidValue)]
    [InlineData(1, 1, 1025, 0, Status.InvalidValue)]
    [InlineData(1, 1, 65, 0, Status.LaunchOutOfResources)] // more than its __launch_bounds__
    [InlineData(1, 1, 32, 49153, Status.InvalidValue)] // more than without asking
    [InlineData(1, 1, 32, 49152, 0)]
    public void Launches_have_a_cards_limits(uint x, uint y, uint threads, uint sharedBytes, int expected)
    {
        using var card = new Card();
        nint stream = card.Stream(), memory = card.Allocate(1024);
        Assert.Equal(expected, card.TryLaunch(card.KernelOf("fill", Fill), new FillArguments(memory, 0), (x, y, 1), threads, stream, sharedBytes));
    }

    [Fact]
    public void More_shared_memory_must_be_asked_for()
    {
        const int attribute = 8, most = 227 << 10;
        using var card = new Card();
        nint stream = card.Stream(), memory = card.Allocate(256), function = card.KernelOf("fill", Fill);
        Assert.Equal(Status.InvalidValue, CudaDriver.cuFuncSetAttribute(function, attribute, most + 1));
        Card.Check(CudaDriver.cuFuncSetAttribute(function, attribute, most));
        card.Launch(function, new FillArguments(memory, 3), 1, 64, stream, sharedBytes: most);
        Assert.Equal(3, card.Download(memory, 64, stream)[0]);
        Card.Check(CudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, function, 64, most));
        Assert.Equal(1, blocks);
    }

    [Fact]
    public void What_is_no_module_and_names_that_it_lacks_are_refused()
    {
        using var card = new Card();
        Assert.Contains("CUDA_ERROR_NOT_FOUND", Assert.Throws<CudaException>(() => card.KernelOf("other", Fill)).Message);
        fixed (byte* image = new byte[64]) Assert.Equal(Status.InvalidImage, CudaDriver.cuModuleLoadData(out _, image));
    }

    [Fact]
    public void A_source_that_does_not_compile_is_told_with_the_compilers_words()
    {
        using var card = new Card();
        var error = Assert.Throws<CudaException>(() => card.KernelOf("f", "#include \"gpu.cuh\"\nint f() { return unknown; }"));
        Assert.StartsWith("kernel test.cu doesn't compile (--gpu-architecture=sm_90a):", error.Message);
        Assert.Contains("test.cu:2:18: error: ‘unknown’ was not declared", error.Message);
    }
}
