using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda.Attention;

/// <summary>Images of blocks in pinned host memory, which the card reads and writes where it is.</summary>
internal sealed unsafe class CudaHostKvBlocks : HostKvBlocks
{
    private readonly CudaContext _context;

    public CudaHostKvBlocks(KvCacheShape shape, CudaContext context) : base(shape, CudaKvCache.BytesPerBlock(shape))
    {
        _context = context;
        Memory = context.AllocatePinned((long)shape.Blocks * BytesPerBlock, $"room for {shape.Blocks} swapped blocks");
    }

    public nint Memory { get; private set; }

    public override Span<byte> this[int slot]
    {
        get
        {
            ObjectDisposedException.ThrowIf(Memory == 0, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Slots, nameof(slot));
            _context.Use();
            CudaContext.Synchronize(_context.CopyStream); // the card may still read or write it
            return new((byte*)Memory + (long)slot * BytesPerBlock, BytesPerBlock);
        }
    }

    public override void Dispose()
    {
        if (Memory == 0) return;
        _context.FreePinned(Memory);
        Memory = 0;
    }
}
