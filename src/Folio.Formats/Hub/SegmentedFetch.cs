using System.Buffers;

namespace Folio.Formats.Hub;

/// <summary>Fetches what a file lacks in segments, several at a time over connections of their own, and appends them in their order.</summary>
/// <remarks>Segments wait in memory for those before them. What was received is appended even if the fetch ends early, up to the first gap.</remarks>
internal sealed class SegmentedFetch(FileSource source, PartialBlob part, long size, HubSettings settings)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var underWay = new Queue<Segment>();
        long next = part.Length;
        int connections = 1; // the first segment goes ahead and shows whether the server knows ranges
        try
        {
            while (part.Length < size)
            {
                for (; next < size && underWay.Count < connections; next = underWay.Last().End) underWay.Enqueue(new Segment(source, next, (int)Math.Min(settings.SegmentBytes, size - next), new Retries(settings, settings.Attempts), stop.Token));
                await underWay.Peek().Arrival;
                using Segment arrived = underWay.Dequeue();
                part.Append(arrived.Received);
                connections = settings.Connections;
            }
        }
        catch
        {
            await stop.CancelAsync();
            await SalvageAsync(underWay);
            throw;
        }
    }

    private async Task SalvageAsync(Queue<Segment> underWay)
    {
        foreach (Segment segment in underWay)
        {
            using Segment ended = segment;
            await ended.Arrival.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.Begin == part.Length && part.IsWritable) part.Append(ended.Received);
            else source.Forget(ended.Received.Length);
        }
    }

    /// <summary>Bytes of a file, on their way into memory.</summary>
    private sealed class Segment : IDisposable
    {
        private readonly byte[] _buffer;
        private int _received;

        public Segment(FileSource source, long begin, int length, Retries retries, CancellationToken cancellation)
        {
            (Begin, End) = (begin, begin + length);
            _buffer = ArrayPool<byte>.Shared.Rent(length);
            Arrival = ReceiveAsync(source, retries, cancellation);
        }

        public long Begin { get; }

        public long End { get; }

        /// <summary>Ends when all has come, or fails.</summary>
        public Task Arrival { get; }

        /// <summary>What has come; to be read once it has ended.</summary>
        public ReadOnlySpan<byte> Received => _buffer.AsSpan(0, _received);

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

        private Task ReceiveAsync(FileSource source, Retries retries, CancellationToken cancellation) => retries.RunAsync(
            () => source.ReadAsync(
                Begin + _received,
                End,
                bytes =>
                {
                    bytes.Span.CopyTo(_buffer.AsSpan(_received));
                    _received += bytes.Length;
                    retries.Progressed();
                },
                cancellation),
            cancellation);
    }
}
