using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Tests.Emulation;

/// <summary>Memory of a kernel with guard bytes on both sides, which must be intact when it is given back.</summary>
internal sealed unsafe class GuardedBuffer<T> : IDisposable where T : unmanaged
{
    private const int GuardBytes = 4096;
    private const byte Guard = 0xA5;
    private readonly byte* _memory;
    private readonly int _length;

    public GuardedBuffer(ReadOnlySpan<T> values) : this(values.Length) => values.CopyTo(Span);

    public GuardedBuffer(int length)
    {
        _length = length;
        long bytes = (long)length * sizeof(T);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + 2 * GuardBytes), 256);
        new Span<byte>(_memory, GuardBytes).Fill(Guard);
        new Span<byte>(_memory + GuardBytes + bytes, GuardBytes).Fill(Guard);
        Span.Clear();
    }

    public nint Address => (nint)(_memory + GuardBytes);

    public Span<T> Span => new((T*)Address, _length);

    public void Dispose()
    {
        bool before = new Span<byte>(_memory, GuardBytes).IndexOfAnyExcept(Guard) < 0;
        bool behind = new Span<byte>(_memory + GuardBytes + (long)_length * sizeof(T), GuardBytes).IndexOfAnyExcept(Guard) < 0;
        NativeMemory.AlignedFree(_memory);
        Assert.True(before && behind, $"a kernel wrote {(before ? "behind" : "before")} its buffer of {_length} × {typeof(T).Name}");
    }
}
