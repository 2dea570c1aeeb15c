using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Where the values of a chunk's tokens lie, block by block, and what to fetch while they are read.</summary>
internal readonly unsafe struct ChunkRows(in AttentionPlan plan, in ChunkRange range)
{
    private readonly KvLayout _cache = plan.Cache;
    private readonly ChunkRange _range = range;
    private readonly int _blocks = plan.BlocksPerSequence;

    /// <summary>Bytes from one token's values to the next's within a block.</summary>
    public int Stride => _cache.ValueStride;

    /// <summary>The values of a token, and how many tokens follow it in its block, itself among them.</summary>
    /// <param name="token">Relative to the chunk's first.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Token(int token, out int count)
    {
        (int block, int offset) = Math.DivRem(_range.Origin + token, _cache.BlockSize);
        count = _cache.BlockSize - offset;
        return _cache.Values(_range.Table[block], _range.KvHead) + (long)offset * _cache.ValueStride;
    }

    /// <summary>The next chunk's keys, of which each sixteen channels' walk over a chunk's values fetches its share. A hint: any address will do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Ahead(int channel)
    {
        int share = channel / 16 * AttentionPlan.ChunkTokens;  // rows of keys of sixteen tokens that the channels before this one's fetch
        int block = (_range.Origin + AttentionPlan.ChunkTokens + share / _cache.HeadDim * 16) / _cache.BlockSize;
        return block < _blocks ? _cache.Keys(_range.Table[block], _range.KvHead) + (long)(share % _cache.HeadDim) * _cache.KeyStride : _cache.Keys(0, 0);
    }
}
