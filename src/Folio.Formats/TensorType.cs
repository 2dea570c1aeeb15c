namespace Folio.Formats;

/// <summary>How a stored tensor's values are encoded: every type that safetensors and GGUF know, whether or not a kernel reads it.</summary>
public enum TensorType
{
    // Both formats.
    F64, F32, F16, BF16, I8, I16, I32, I64,

    // safetensors.
    Bool, U8, U16, U32, U64, C64,
    F8_E4M3, F8_E5M2, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, F6_E2M3, F6_E3M2, F4,

    // GGUF: blocks of quantised values with their scales.
    Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1,
    Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K,
    IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS,
    TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0, Q2_0,
}

/// <summary>The block of each <see cref="TensorType"/>: how many values it holds, in how many bytes.</summary>
/// <remarks>Sources: safetensors' Dtype (bits per value) and GGML's block structures (ggml-common.h).</remarks>
public static class TensorTypes
{
    /// <summary>Values in one block; 1 for plain types.</summary>
    public static int BlockSize(this TensorType type) => Block(type).Values;

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this TensorType type) => Block(type).Bytes;

    /// <summary>The type's name as the formats write it.</summary>
    public static string Name(this TensorType type) => type == TensorType.Bool ? "BOOL" : type.ToString();

    private static (int Values, int Bytes) Block(TensorType type) => type switch
    {
        TensorType.F64 or TensorType.I64 or TensorType.U64 or TensorType.C64 => (1, 8),
        TensorType.F32 or TensorType.I32 or TensorType.U32 => (1, 4),
        TensorType.F16 or TensorType.BF16 or TensorType.I16 or TensorType.U16 => (1, 2),
        TensorType.I8 or TensorType.U8 or TensorType.Bool => (1, 1),
        TensorType.F8_E4M3 or TensorType.F8_E5M2 or TensorType.F8_E8M0 or TensorType.F8_E4M3FNUZ or TensorType.F8_E5M2FNUZ => (1, 1),
        TensorType.F6_E2M3 or TensorType.F6_E3M2 => (4, 3),
        TensorType.F4 => (2, 1),

        TensorType.Q4_0 => (32, 18),
        TensorType.Q4_1 => (32, 20),
        TensorType.Q5_0 => (32, 22),
        TensorType.Q5_1 => (32, 24),
        TensorType.Q8_0 => (32, 34),
        TensorType.Q8_1 => (32, 36),
        TensorType.Q2_K => (256, 84),
        TensorType.Q3_K => (256, 110),
        TensorType.Q4_K => (256, 144),
        TensorType.Q5_K => (256, 176),
        TensorType.Q6_K => (256, 210),
        TensorType.Q8_K => (256, 292),
        TensorType.IQ1_S => (256, 50),
        TensorType.IQ1_M => (256, 56),
        TensorType.IQ2_XXS => (256, 66),
        TensorType.IQ2_XS => (256, 74),
        TensorType.IQ2_S => (256, 82),
        TensorType.IQ3_XXS => (256, 98),
        TensorType.IQ3_S => (256, 110),
        TensorType.IQ4_NL => (32, 18),
        TensorType.IQ4_XS => (256, 136),
        TensorType.TQ1_0 => (256, 54),
        TensorType.TQ2_0 => (256, 66),
        TensorType.MXFP4 => (32, 17),
        TensorType.NVFP4 => (64, 36),
        TensorType.Q1_0 => (128, 18),
        TensorType.Q2_0 => (64, 18),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
