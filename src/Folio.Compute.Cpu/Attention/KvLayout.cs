using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Where the keys and values of one layer lie, for kernels.</summary>
/// <remarks>
/// Per block and KV head, all fp32: keys transposed, [headDim, tokenLanes], so that a vector holds one channel of consecutive tokens; then
/// values token by token, [blockSize, channelLanes]. Lanes are the counts rounded up to whole vectors of 8; what lies in the padding is never used.
/// A head's part of a block starts on a cache line.
/// </remarks>
internal readonly unsafe struct KvLayout
{
    private readonly float* _memory;
    private readonly long _headStride;  // values of one head of one block

    public readonly int KvHeads, HeadDim, BlockSize;
    public readonly int TokenLanes, ChannelLanes;

    public KvLayout(KvCacheShape shape, float* memory)
    {
        _memory = memory;
        (KvHeads, HeadDim, BlockSize) = (shape.KvHeads, shape.HeadDim, shape.BlockSize);
        TokenLanes = RoundUp(BlockSize, 8);
        ChannelLanes = RoundUp(HeadDim, 8);
        _headStride = RoundUp(HeadDim * TokenLanes + BlockSize * ChannelLanes, NativeArena.Alignment / sizeof(float));
    }

    /// <summary>Values of one block of one layer.</summary>
    public long BlockStride => _headStride * KvHeads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Keys(int block, int head) => _memory + block * BlockStride + head * _headStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Values(int block, int head) => Keys(block, head) + (long)HeadDim * TokenLanes;

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
