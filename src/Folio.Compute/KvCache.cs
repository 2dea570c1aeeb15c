namespace Folio.Compute;

/// <summary>The shape of a paged KV cache.</summary>
/// <param name="Layers">Layers that own keys and values.</param>
/// <param name="KvHeads">Key-value heads of a layer.</param>
/// <param name="HeadDim">Channels of a head.</param>
/// <param name="BlockSize">Tokens of a block.</param>
/// <param name="Blocks">Blocks of the pool.</param>
/// <param name="Type">How numbers are stored: BF16; F32 for twice the memory and no rounding; I8, or F8_E4M3 on a card, for half of it.</param>
public readonly record struct KvCacheShape(int Layers, int KvHeads, int HeadDim, int BlockSize, int Blocks, DType Type = DType.BF16)
{
    /// <summary>Whether blocks of the two are alike, however many there are.</summary>
    public bool SameBlocks(KvCacheShape other) => this with { Blocks = other.Blocks } == other;
}

/// <summary>The keys and values of all sequences, in blocks. Slot s of a layer is token s % blockSize of block s / blockSize.</summary>
public abstract class KvCache(KvCacheShape shape)
{
    public KvCacheShape Shape { get; } = shape;

    public abstract long Bytes { get; }
}

/// <summary>Copy-on-write: the content of <paramref name="Source"/> in every layer is copied to <paramref name="Destination"/>.</summary>
public readonly record struct BlockCopy(int Source, int Destination);
