namespace Folio.GpuBench;

/// <summary>The names of what the card can do at most; figures are held against them.</summary>
internal static class Limits
{
    /// <summary>GB/s at which the card's memory is read, or copied, counting both ways: whichever is faster.</summary>
    public const string Memory = "memory";

    /// <summary>TFLOP/s of the largest bf16 product by cuBLASLt.</summary>
    public const string Products = "products";

    /// <summary>GB/s of a copy from pinned host memory.</summary>
    public const string ToCard = "the link to the card";

    public const string ToHost = "the link to the host";
}
