using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Where the keys and values of one layer lie, for kernels.</summary>
/// <remarks>
/// Per block and KV head: keys transposed, [headDim, tokenLanes], so that a vector holds one channel of consecutive tokens; then
/// values token by token, [blockSize, channelLanes]; then, where numbers are multiples of a scale, the scales of the keys and those of the values, [tokenLanes] fp32 each. Lanes are the counts rounded up to sixteens (<see cref="IKvElement"/>); what lies in the padding is never used.
/// A head's part of a block starts on a cache line.
/// </remarks>
internal readonly unsafe struct KvLayout
{
    private const int Lanes = 16;

    private readonly byte* _memory;
    private readonly long _headStride;  // bytes of one head of one block

    public readonly int KvHeads, HeadDim, BlockSize;
    public readonly int TokenLanes, ChannelLanes;

    /// <summary>Bytes of one channel's keys, and of one token's values.</summary>
    public readonly int KeyStride, ValueStride;

    public KvLayout(KvCacheShape shape, byte* memory)
    {
        _memory = memory;
        (KvHeads, HeadDim, BlockSize) = (shape.KvHeads, shape.HeadDim, shape.BlockSize);
        TokenLanes = RoundUp(BlockSize, Lanes);
        ChannelLanes = RoundUp(HeadDim, Lanes);
        int bytes = ElementBytes(shape.Type);
        (KeyStride, ValueStride) = (TokenLanes * bytes, ChannelLanes * bytes);
        int scales = shape.Type == DType.I8 ? 2 * TokenLanes * sizeof(float) : 0;
        _headStride = RoundUp(HeadDim * KeyStride + BlockSize * ValueStride + scales, NativeArena.Alignment);
    }

    /// <summary>Bytes of one block of one layer.</summary>
    public long BlockStride => _headStride * KvHeads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Keys(int block, int head) => _memory + block * BlockStride + head * _headStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Values(int block, int head) => Keys(block, head) + (long)HeadDim * KeyStride;

    /// <summary>[TokenLanes]</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* KeyScales(int block, int head) => (float*)(Values(block, head) + (long)BlockSize * ValueStride);

    /// <summary>[TokenLanes]</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* ValueScales(int block, int head) => KeyScales(block, head) + TokenLanes;

    private static int ElementBytes(DType type) => type switch
    {
        DType.F32 => F32Element.Bytes,
        DType.BF16 => BF16Element.Bytes,
        DType.I8 => I8Element.Bytes,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "the CPU's caches hold F32, BF16 or I8"),
    };

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
