namespace Folio.Compute.Cpu;

/// <summary>Images of blocks in an arena of their own: for a slot, layer after layer, each as <see cref="KvLayout"/> lays out one block.</summary>
internal sealed unsafe class CpuHostKvBlocks : HostKvBlocks
{
    private readonly NativeArena _arena = new();
    private byte* _memory;

    public CpuHostKvBlocks(KvCacheShape shape, long bytesPerBlock) : base(shape, bytesPerBlock) =>
        _memory = (byte*)_arena.AllocateUncleared(bytesPerBlock * shape.Blocks);

    /// <summary>Slot 0, to which a copy job adds.</summary>
    public byte* Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory == null, this);
            return _memory;
        }
    }

    public override Span<byte> this[int slot]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Slots, nameof(slot));
            return new(Memory + (long)slot * BytesPerBlock, BytesPerBlock);
        }
    }

    public override void Dispose()
    {
        _memory = null;
        _arena.Dispose();
    }
}
