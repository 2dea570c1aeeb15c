namespace Folio.Compute.Blocks;

/// <summary>One quantised type of GGUF: how a stored block becomes codes and scales.</summary>
/// <remarks>
/// Every type reads value = D · Scales[g] · (code − Offset) + M · Mins[g], where g is the group of the value. The products are exact in
/// fp32 (11 + 7 + 6 bits at most), so there is one rounding, in the sum, and it doesn't matter who fuses what.
/// Implemented by empty structs, so that kernels are specialised by type. Source: ggml's block layouts (llama.cpp, ggml-common.h).
/// </remarks>
public unsafe interface IBlockFormat
{
    /// <summary>Values of a stored block.</summary>
    static abstract int Values { get; }

    /// <summary>Bytes of a stored block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Neighbouring values that share one scale.</summary>
    static abstract int Group { get; }

    /// <summary>Bits of a code.</summary>
    static abstract int Bits { get; }

    /// <summary>What is subtracted from a code; a power of two. 0 where <see cref="HasMins"/>.</summary>
    static abstract int Offset { get; }

    /// <summary>Whether M and Mins count.</summary>
    static abstract bool HasMins { get; }

    /// <param name="block"><see cref="Bytes"/> bytes.</param>
    /// <param name="codes">Receives <see cref="Values"/> codes, unsigned.</param>
    /// <param name="scales">Receives the scales of the block.</param>
    static abstract void Unpack(byte* block, byte* codes, BlockScales* scales);
}

/// <summary>The scales of one stored block.</summary>
public unsafe struct BlockScales
{
    public const int MaxGroups = 16;

    /// <summary>Bits of the fp16 scale of the block.</summary>
    public ushort D;

    /// <summary>Bits of the fp16 scale of the minima.</summary>
    public ushort M;

    /// <summary>[groups] small factors of D; 1 in types without them.</summary>
    public fixed sbyte Scales[MaxGroups];

    /// <summary>[groups] small factors of M; 1 or 0 in types without them.</summary>
    public fixed sbyte Mins[MaxGroups];
}
