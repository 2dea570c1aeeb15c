using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Work is done as late as it may be, in an order that nothing but streams, events and waiting decides.</summary>
public sealed class OrderTests
{
    [Fact]
    public void A_pinned_buffer_that_is_overwritten_too_early_is_what_the_card_reads()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(16);
        Span<float> pinned = card.Pinned(4, out _);
        pinned.Fill(1);
        card.Upload(x, pinned, stream);
        pinned.Fill(2);
        Assert.Equal([2, 2, 2, 2], card.Download(x, 4, stream));
    }

    [Fact]
    public void Other_memory_of_the_host_is_read_at_once()
    {
        using var card = new Card();
        nint stream = card.Stream(), x = card.Allocate(16);
        float[] values = [1, 1, 1, 1];
        card.Upload(x, values, stream);
        values.AsSpan().Fill(2);
        Assert.Equal([1, 1, 1, 1], card.Download(x, 4, stream));
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Pinned_memory_has_what_was_copied_there_once_somebody_has_waited(bool eager)
    {
        using var card = new Card(eager: eager);
        nint stream = card.Stream(), x = card.Allocate(16), happening = card.Event();
        Span<float> pinned = card.Pinned(4, out nint address);
        pinned.Fill(3);
        card.Upload(x, [1, 2, 3, 4], stream);
        Card.Check(CudaDriver.cuMemcpyDtoHAsync(address, x, 16, stream));
        Card.Check(CudaDriver.cuEventRecord(happening, stream));
        Assert.Equal(eager ? [1, 2, 3, 4] : [3, 3, 3, 3], pinned.ToArray());
        Card.Check(CudaDriver.cuEventSynchronize(happening));
        Assert.Equal([1, 2, 3, 4], pinned.ToArray());
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Streams_are_ordered_by_events_only(bool waits)
    {
        using var card = new Card();
        nint first = card.Stream(), second = card.Stream(), x = card.Allocate(16), happening = card.Event();
        card.Upload(x, [0, 0, 0, 0], second);
        Card.Check(CudaDriver.cuStreamSynchronize(second));
        card.Upload(x, [1, 1, 1, 1], first);
        Card.Check(CudaDriver.cuEventRecord(happening, first));
        card.Upload(x, [2, 2, 2, 2], first); // behind the event
        if (waits) Card.Check(CudaDriver.cuStreamWaitEvent(second, happening, 0));
        Assert.Equal(waits ? 1 : 0, card.Download(x, 4, second)[0]);
        Assert.Equal(2, card.Download(x, 4, first)[0]);
    }

    [Fact]
    public void Waiting_for_an_event_waits_for_what_it_recorded_last()
    {
        using var card = new Card();
        nint first = card.Stream(), second = card.Stream(), x = card.Allocate(16), happening = card.Event();
        Card.Check(CudaDriver.cuEventRecord(happening, second));
        Card.Check(CudaDriver.cuStreamWaitEvent(first, happening, 0)); // the first record, whatever comes
        card.Upload(x, [1, 1, 1, 1], second);
        Card.Check(CudaDriver.cuEventRecord(happening, second));
        Assert.NotEqual(1, card.Download(x, 4, first)[0]);
        Card.Check(CudaDriver.cuEventSynchronize(happening));
        Assert.Equal(1, card.Download(x, 4, first)[0]);
    }

    [Fact]
    public void Time_between_events_is_known_once_both_have_passed()
    {
        using var card = new Card();
        nint stream = card.Stream(), from = card.Event(), to = card.Event();
        Card.Check(CudaDriver.cuEventRecord(from, stream));
        Card.Check(CudaDriver.cuEventRecord(to, stream));
        Assert.NotEqual(0, CudaDriver.cuEventElapsedTime(out _, from, to));
        Card.Check(CudaDriver.cuEventSynchronize(to));
        Card.Check(CudaDriver.cuEventElapsedTime(out float milliseconds, from, to));
        Assert.InRange(milliseconds, 0, 1000);
    }
}
