using Folio.Compute;

namespace Folio.GpuBench;

/// <summary>Random numbers as files store them, centred or nearly so, of the size that weights have: about 0.01.</summary>
internal static unsafe class StoredValues
{
    /// <param name="data">Whole blocks of the type, the first of them at the first byte.</param>
    /// <param name="seed">Other seeds, other numbers.</param>
    public static void Fill(DType type, byte* data, long bytes, ulong seed = 1)
    {
        const int piecesOfBlocks = 4096;
        long piece = (long)QuantizedBlocks.BlockBytes(type) * piecesOfBlocks;
        Parallel.For(0, (bytes + piece - 1) / piece, i =>
        {
            long first = i * piece;
            FillPiece(type, new(data + first, (int)Math.Min(piece, bytes - first)), seed * 0x9E3779B97F4A7C15 + (ulong)i * 0xD1B54A32D192ED03);
        });
    }

    public static byte[] Make(DType type, long values, ulong seed = 1)
    {
        byte[] stored = new byte[values / QuantizedBlocks.BlockSize(type) * QuantizedBlocks.BlockBytes(type)];
        fixed (byte* data = stored) Fill(type, data, stored.Length, seed);
        return stored;
    }

    /// <summary>About normally distributed numbers of the size of activations, which bf16 holds exactly.</summary>
    public static float[] Activations(int count, int seed)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            float value = (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f) * 2;
            values[i] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & unchecked((int)0xFFFF0000));
        }

        return values;
    }

    private static void FillPiece(DType type, Span<byte> piece, ulong state)
    {
        (ulong kept, ulong set) = type switch // sign and mantissa are random, exponents are not
        {
            DType.F32 => (0x807FFFFF807FFFFFul, 0x3C0000003C000000ul),
            DType.BF16 => (0x807F807F807F807Ful, 0x3C003C003C003C00ul),
            DType.F16 => (0x83FF83FF83FF83FFul, 0x2000200020002000ul),
            _ => (ulong.MaxValue, 0ul),
        };
        for (int i = 0; i < piece.Length; i += sizeof(ulong))
        {
            state += 0x9E3779B97F4A7C15; // SplitMix64
            ulong bits = (state ^ state >> 30) * 0xBF58476D1CE4E5B9;
            bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
            bits = ((bits ^ bits >> 31) & kept) | set;
            if (piece.Length - i >= sizeof(ulong)) BitConverter.TryWriteBytes(piece[i..], bits);
            else BitConverter.GetBytes(bits).AsSpan(0, piece.Length - i).CopyTo(piece[i..]);
        }

        int block = QuantizedBlocks.BlockBytes(type);
        foreach (int scale in ScalesOf(type))
        {
            ushort exponent = type is DType.Q4_0 or DType.Q4_1 or DType.Q5_0 or DType.Q5_1 ? (ushort)0x1800 : (ushort)0x0800; // the others' are multiplied by larger codes, or scales of their own
            for (int at = scale; at < piece.Length; at += block) BitConverter.TryWriteBytes(piece[at..], (ushort)((BitConverter.ToUInt16(piece[at..]) & 0x03FF) | exponent));
        }
    }

    /// <summary>Where a block has fp16 numbers (ggml's block structs).</summary>
    private static int[] ScalesOf(DType type) => type switch
    {
        DType.Q8_0 or DType.Q4_0 or DType.Q5_0 => [0],
        DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K => [0, 2],
        DType.Q2_K => [80, 82],
        DType.Q3_K => [108],
        DType.Q6_K => [208],
        _ => [],
    };
}
