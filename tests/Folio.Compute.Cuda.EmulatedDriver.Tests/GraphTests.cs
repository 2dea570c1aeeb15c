using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Work that is captured once and launched again and again.</summary>
public sealed class GraphTests
{
    private const string AddOne = """
        #include "gpu.cuh"
        struct Arguments { float* x; int count; };
        KERNEL(add_one, Arguments, 32) { if (static_cast<int>(threadIdx.x) < a.count) a.x[threadIdx.x] += 1; }
        """;

    private record struct AddArguments(nint X, int Count);

    [Fact]
    public void A_graph_repeats_what_was_captured_with_the_values_of_the_time()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(16), function = card.KernelOf("add_one", AddOne);
        Span<float> pinned = card.Pinned(4, out _);
        nint graph = Capture(stream, pinned, (values, stream) =>
        {
            card.Upload(x, values, stream);
            card.Launch(function, new AddArguments(x, 4), 1, 32, stream);
            card.Launch(function, new AddArguments(x, 4), 1, 32, stream);
        });

        Assert.Equal(float.NaN, card.Download(x, 1, stream)[0]); // captured, not done
        foreach (float value in (float[])[1, 5])
        {
            pinned.Fill(value);
            Card.Check(CudaDriver.cuGraphLaunch(graph, stream));
            Assert.Equal(value + 2, card.Download(x, 4, stream)[3]);
        }

        Card.Check(CudaDriver.cuGraphExecDestroy(graph));
    }

    [Fact]
    public void Launches_follow_each_other_and_what_is_on_the_stream()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(16), function = card.KernelOf("add_one", AddOne);
        nint graph = Capture(stream, [], (_, stream) => card.Launch(function, new AddArguments(x, 4), 1, 32, stream));
        card.Upload(x, [1, 2, 3, 4], stream);
        for (int i = 0; i < 3; i++) Card.Check(CudaDriver.cuGraphLaunch(graph, stream));
        Assert.Equal([4, 5, 6, 7], card.Download(x, 4, stream));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void Another_stream_is_captured_with_it_once_it_waits_and_must_come_back(bool joins)
    {
        using var card = new Card();
        nint stream = card.Stream(), side = card.Stream(), x = card.Allocate(16), y = card.Allocate(16), forked = card.Event(), joined = card.Event();
        nint function = card.KernelOf("add_one", AddOne);
        Card.Check(CudaDriver.cuStreamBeginCapture(stream, mode: 0));
        card.Launch(function, new AddArguments(x, 4), 1, 32, stream);
        Card.Check(CudaDriver.cuEventRecord(forked, stream));
        Card.Check(CudaDriver.cuStreamWaitEvent(side, forked, 0));
        Card.Check(CudaDriver.cuMemcpyDtoDAsync(y, x, 16, side));
        Card.Check(CudaDriver.cuEventRecord(joined, side));
        if (joins) Card.Check(CudaDriver.cuStreamWaitEvent(stream, joined, 0));
        card.Launch(function, new AddArguments(y, 4), 1, 32, stream);
        int status = CudaDriver.cuStreamEndCapture(stream, out nint graph);
        if (!joins)
        {
            Assert.Equal(Status.StreamCaptureUnjoined, status);
            return;
        }

        Card.Check(status);
        Card.Check(CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Card.Check(CudaDriver.cuGraphDestroy(graph));
        card.Upload(x, [1, 2, 3, 4], stream);
        Card.Check(CudaDriver.cuGraphLaunch(executable, stream));
        Assert.Equal([3, 4, 5, 6], card.Download(y, 4, stream));
        card.Upload(x, [0, 0, 0, 0], side); // the capture is over
        Assert.Equal(0, card.Download(x, 4, side)[0]);
    }

    [Fact]
    public void What_a_capture_forbids_ends_it()
    {
        using var card = new Card();
        nint stream = card.Stream(), memory = card.Allocate(16);
        foreach (Func<int> call in (Func<int>[])[() => CudaDriver.cuMemAlloc(out _, 16), () => CudaDriver.cuMemFree(memory), () => CudaDriver.cuStreamSynchronize(stream), CudaDriver.cuCtxSynchronize])
        {
            Card.Check(CudaDriver.cuStreamBeginCapture(stream, mode: 0));
            Assert.Equal(Status.StreamCaptureUnsupported, call());
            Assert.Equal(Status.StreamCaptureInvalidated, CudaDriver.cuMemsetD8Async(memory, 0, 16, stream));
            Assert.Equal(Status.StreamCaptureInvalidated, CudaDriver.cuStreamEndCapture(stream, out _));
        }

        card.Upload(memory, [1, 2, 3, 4], stream);
        Assert.Equal(4, card.Download(memory, 4, stream)[3]);
    }

    private delegate void Work(Span<float> values, nint stream);

    private static nint Capture(nint stream, Span<float> values, Work work)
    {
        Card.Check(CudaDriver.cuStreamBeginCapture(stream, mode: 0));
        work(values, stream);
        Card.Check(CudaDriver.cuStreamEndCapture(stream, out nint graph));
        Card.Check(CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0));
        Card.Check(CudaDriver.cuGraphDestroy(graph));
        return executable;
    }
}
