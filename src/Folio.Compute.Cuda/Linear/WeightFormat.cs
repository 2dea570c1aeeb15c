namespace Folio.Compute.Cuda.Linear;

/// <summary>How a matrix lies in the card's memory: the definitions of weights.cuh.</summary>
/// <param name="Name">dense_f32, dense_bf16, dense_f16, grouped_fp8, grouped_int8, grouped_int4</param>
/// <param name="CodeBits">Of one value.</param>
/// <param name="Group">Values that share a scale; 0: there are none.</param>
/// <param name="IsAffine">Groups have a shift, too.</param>
internal readonly record struct WeightFormat(string Name, int CodeBits, int Group = 0, bool IsAffine = false)
{
    private const string Fp8 = "grouped_fp8";

    /// <summary>Values as they are.</summary>
    public bool IsDense => Group == 0;

    /// <summary>Codes of fp8, with a scale in fp32 for each group.</summary>
    public bool IsFp8 => Name == Fp8;

    /// <summary>How a stored type is kept: dense types as they are, quantised ones as their codes (in 4 or 8 bits) with a scale, and a shift where they have one, for each group.</summary>
    public static WeightFormat Of(DType type) => type switch
    {
        DType.F32 => new("dense_f32", 32),
        DType.BF16 => new("dense_bf16", 16),
        DType.F16 => new("dense_f16", 16),
        DType.Q8_0 or DType.Q5_0 => new("grouped_int8", 8, 32),
        DType.Q6_K => new("grouped_int8", 8, 16),
        DType.Q5_1 or DType.Q5_K => new("grouped_int8", 8, 32, IsAffine: true),
        DType.Q4_0 or DType.Q4_1 or DType.Q4_K => new("grouped_int4", 4, 32, IsAffine: true),
        DType.Q2_K or DType.Q3_K => new("grouped_int4", 4, 16, IsAffine: true),
        _ => throw new CudaException($"weights of type {type} aren't known to the card's kernels."),
    };

    /// <summary>How matrices are kept that are packed as one: those of fp8 as such, and with no more scales than they have.</summary>
    public static WeightFormat Of(ReadOnlySpan<WeightSource> parts)
    {
        bool fp8 = true;
        int group = 128;
        foreach (ref readonly WeightSource part in parts)
        {
            fp8 &= part.Reader is Float8Rows;
            int shared = part.Reader?.ScaleColumns ?? 0;
            while (group > 32 && (shared == 0 || part.Columns % group != 0 || shared % group != 0)) group /= 2;
            fp8 &= part.Columns % group == 0 && shared % group == 0;
        }

        if (fp8) return new(Fp8, 8, group);
        var format = Of(parts[0].Type);
        return format.Group < 32 ? format : format with { Group = group };
    }

    public string[] Definitions => Group == 0 ? [$"FORMAT={Name}"] : [$"FORMAT={Name}", $"GROUP={Group}", $"AFFINE={(IsAffine ? 1 : 0)}"];

    /// <summary>Bytes of the codes of so many values.</summary>
    public long CodeBytes(long values) => values * CodeBits / 8;

    /// <summary>fp16 numbers, or halves of fp32 ones, of the groups of so many values.</summary>
    public long GroupValues(long values) => Group == 0 ? 0 : values / Group * (IsAffine || IsFp8 ? 2 : 1);
}
