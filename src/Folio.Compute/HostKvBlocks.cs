namespace Folio.Compute;

/// <summary>Images of whole KV blocks in host memory, one a slot: all layers of a block lie together, in the layout of the backend that made them.</summary>
/// <remarks>
/// One block is one run of bytes, so a card moves it in one transfer and a file in one read: moving a block layer by layer is what made small blocks swap badly
/// in the paper's system. Native memory (pinned, where a backend needs that), outside the backend's own: whoever asked for it disposes of it.
/// </remarks>
public abstract class HostKvBlocks : IDisposable
{
    /// <param name="shape">The cache's, with <c>Blocks</c> slots.</param>
    /// <param name="bytesPerBlock">Of one image.</param>
    protected HostKvBlocks(KvCacheShape shape, long bytesPerBlock)
    {
        if (bytesPerBlock > Array.MaxLength)
            throw new FolioException($"a block of {shape.BlockSize} tokens takes {bytesPerBlock} bytes; at most {Array.MaxLength} can be swapped. Lower --block-size (BlockSize).");
        (Shape, BytesPerBlock) = (shape, (int)bytesPerBlock);
    }

    public KvCacheShape Shape { get; }

    public int Slots => Shape.Blocks;

    public int BytesPerBlock { get; }

    /// <summary>[BytesPerBlock] the image in a slot, valid until this is disposed of.</summary>
    public abstract Span<byte> this[int slot] { get; }

    /// <summary>Refuses images of another shape, and blocks and slots that there aren't.</summary>
    /// <param name="copies">From blocks of the cache to slots, or back.</param>
    public void Check(KvCache cache, ReadOnlySpan<BlockCopy> copies, bool toHost)
    {
        if (!cache.Shape.SameBlocks(Shape)) throw new ArgumentException($"images of {Shape} don't fit a cache of {cache.Shape}", nameof(cache));
        foreach ((int source, int destination) in copies)
        {
            (int block, int slot) = toHost ? (source, destination) : (destination, source);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)cache.Shape.Blocks, nameof(copies));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Slots, nameof(copies));
        }
    }

    public abstract void Dispose();
}
