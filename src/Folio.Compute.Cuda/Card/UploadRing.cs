namespace Folio.Compute.Cuda.Card;

/// <summary>The way of small things to the card: each gets a place in pinned memory, and one just like it on the card.</summary>
/// <remarks>Two halves take turns; one is written again only when the card is done with what it held.</remarks>
internal sealed unsafe class UploadRing
{
    private const int Alignment = 256;
    private readonly CudaContext _context;
    private readonly byte* _pinned;
    private readonly nint _device;
    private readonly nint[] _done;   // [halves] all that reads a half has run
    private int _half, _used;

    public UploadRing(CudaContext context, int halfBytes)
    {
        (_context, HalfBytes) = (context, halfBytes);
        _pinned = (byte*)context.AllocatePinned(2L * halfBytes, "staging memory");
        _device = context.Allocate(2L * halfBytes, "staging memory");
        _done = [context.NewEvent(), context.NewEvent()];
    }

    /// <summary>The most bytes that can be put at once.</summary>
    public int HalfBytes { get; }

    /// <summary>Brings values to the card: what comes next on the stream can read them, until twice as much as half of the ring has been put.</summary>
    public nint Put<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        Span<T> place = Take<T>(values.Length, out nint address);
        values.CopyTo(place);
        Send(place, address);
        return address;
    }

    /// <summary>Pinned memory to be filled and then sent, either to its own place on the card or to another.</summary>
    public Span<T> Take<T>(int count, out nint address) where T : unmanaged
    {
        int bytes = (count * sizeof(T) + Alignment - 1) / Alignment * Alignment;
        if (bytes > HalfBytes) throw new ArgumentOutOfRangeException(nameof(count), count, $"{bytes} bytes at once; the ring takes {HalfBytes}");
        if (_used + bytes > HalfBytes)
        {
            CudaContext.Record(_done[_half], _context.Stream);
            (_half, _used) = (1 - _half, 0);
            CudaContext.Await(_done[_half]);
        }

        int offset = _half * HalfBytes + _used;
        _used += bytes;
        address = _device + offset;
        return new(_pinned + offset, count);
    }

    public void Send<T>(Span<T> place, nint address) where T : unmanaged
    {
        if (place.IsEmpty) return;
        fixed (T* from = place) _context.Upload(address, from, (long)place.Length * sizeof(T));
    }
}
