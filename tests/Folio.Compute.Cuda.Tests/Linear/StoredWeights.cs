namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Weights as files have them.</summary>
internal static class StoredWeights
{
    /// <summary>Random codes, and scales of about the same size: numbers of fp16 wherever a block has one.</summary>
    public static byte[] Random(DType type, int values)
    {
        var random = new Random(7);
        int bytes = QuantizedBlocks.BlockBytes(type);
        byte[] stored = new byte[values / QuantizedBlocks.BlockSize(type) * bytes];
        random.NextBytes(stored);
        for (int block = 0; block < stored.Length; block += bytes)
        {
            foreach (int at in FloatOffsets(type))
            {
                float value = (float)(0.5 + random.NextDouble()) / 64;
                byte[] bits = type switch
                {
                    DType.F32 => BitConverter.GetBytes(value),
                    DType.BF16 => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
                    _ => BitConverter.GetBytes((Half)value),
                };
                bits.CopyTo(stored, block + at);
            }
        }

        return stored;
    }

    /// <summary>Where a block of the type has fp16 numbers (ggml's block structs).</summary>
    private static int[] FloatOffsets(DType type) => type switch
    {
        DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K => [0, 2],
        DType.Q2_K => [80, 82],
        DType.Q3_K => [108],
        DType.Q6_K => [208],
        _ => [0],
    };
}
