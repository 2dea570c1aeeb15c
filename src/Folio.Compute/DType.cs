namespace Folio.Compute;

/// <summary>How the elements of a weight or of a KV cache are stored. Names are those of the safetensors and GGUF formats.</summary>
public enum DType
{
    F32, F16, BF16,
    Q8_0, Q4_0, Q4_1, Q5_0, Q5_1,
    Q2_K, Q3_K, Q4_K, Q5_K, Q6_K,

    /// <summary>Of KV caches only: int8 with a scale for each token, head, and keys or values.</summary>
    I8,

    /// <summary>Of KV caches only: 4 bits of exponent, 3 of mantissa, no infinity; what is larger than 448 becomes that.</summary>
    F8_E4M3,
}
