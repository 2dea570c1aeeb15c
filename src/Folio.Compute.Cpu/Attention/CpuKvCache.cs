namespace Folio.Compute.Cpu;

/// <summary>A paged cache in host memory, layer after layer, block after block (<see cref="KvLayout"/>). The system commits its pages as blocks are first written.</summary>
internal sealed unsafe class CpuKvCache : KvCache
{
    private readonly byte* _memory;

    public CpuKvCache(KvCacheShape shape, NativeArena arena) : base(shape)
    {
        LayerStride = new KvLayout(shape, null).BlockStride * shape.Blocks;
        Bytes = LayerStride * shape.Layers;
        _memory = (byte*)arena.AllocateUncleared(Bytes);
    }

    public override long Bytes { get; }

    /// <summary>Bytes of one layer.</summary>
    public long LayerStride { get; }

    public KvLayout Layer(int layer) => new(Shape, _memory + layer * LayerStride);
}
