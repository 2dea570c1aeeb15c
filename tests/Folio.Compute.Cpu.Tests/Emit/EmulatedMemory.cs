namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>The places in memory that emulated code may touch; whatever it touches besides is an error.</summary>
internal sealed unsafe class EmulatedMemory
{
    private readonly Places _readable = new(), _writable = new();

    public EmulatedMemory Readable(void* start, long bytes)
    {
        _readable.Add((ulong)start, bytes);
        return this;
    }

    /// <summary>And readable.</summary>
    public EmulatedMemory Writable(void* start, long bytes)
    {
        _writable.Add((ulong)start, bytes);
        return Readable(start, bytes);
    }

    public ReadOnlySpan<byte> Read(ulong address, int bytes) => _readable.Hold(address, bytes)
        ? new((void*)address, bytes)
        : throw new InvalidOperationException($"{bytes} bytes at {address:x} are read; nobody handed them over");

    public Span<byte> Write(ulong address, int bytes) => _writable.Hold(address, bytes)
        ? new((void*)address, bytes)
        : throw new InvalidOperationException($"{bytes} bytes at {address:x} are written; nobody handed them over");

    /// <summary>Stretches of memory that don't overlap. An access lies in one of them: even where two touch, whoever runs from one into the other has lost count.</summary>
    private sealed class Places
    {
        private readonly List<ulong> _starts = [], _ends = [];

        public void Add(ulong start, long bytes)
        {
            if (bytes == 0) return;
            int at = ~_starts.BinarySearch(start);
            if (at < 0 || (at > 0 && _ends[at - 1] > start) || (at < _starts.Count && _starts[at] < start + (ulong)bytes)) throw new ArgumentException($"{bytes} bytes at {start:x} overlap what was handed over before");
            _starts.Insert(at, start);
            _ends.Insert(at, start + (ulong)bytes);
        }

        public bool Hold(ulong address, int bytes)
        {
            int found = _starts.BinarySearch(address), last = found < 0 ? ~found - 1 : found;
            return last >= 0 && address + (ulong)bytes <= _ends[last];
        }
    }
}
