namespace Folio.Compute.Cuda.Card;

/// <summary>The way of small things to the card: each gets a place in pinned memory, and one just like it on the card.</summary>
/// <remarks>
/// Parts take turns; one is written again only when the card is done with what it held. An op may have places in two neighbouring parts before it launches what reads them, so a part counts as
/// launched only when the one behind it is left.
/// </remarks>
internal sealed unsafe class UploadRing
{
    private const int Alignment = 256, Parts = 3;
    private readonly CudaContext _context;
    private readonly byte* _pinned;
    private readonly nint _device;
    private readonly nint[] _done = new nint[Parts];   // all that reads a part has run
    private int _part, _used;

    public UploadRing(CudaContext context, int partBytes)
    {
        (_context, PartBytes) = (context, partBytes);
        _pinned = (byte*)context.AllocatePinned((long)Parts * partBytes, "staging memory");
        _device = context.Allocate((long)Parts * partBytes, "staging memory");
        for (int i = 0; i < Parts; i++) _done[i] = context.NewEvent();
    }

    /// <summary>The most bytes that can be put at once.</summary>
    public int PartBytes { get; }

    /// <summary>Brings values to the card: what is launched next can read them, until two parts more have been filled.</summary>
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
        if (bytes > PartBytes) throw new ArgumentOutOfRangeException(nameof(count), count, $"{bytes} bytes at once; the ring takes {PartBytes}");
        if (_used + bytes > PartBytes)
        {
            CudaContext.Record(_done[(_part + Parts - 1) % Parts], _context.Stream);
            (_part, _used) = ((_part + 1) % Parts, 0);
            CudaContext.Await(_done[_part]);
        }

        int offset = _part * PartBytes + _used;
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
