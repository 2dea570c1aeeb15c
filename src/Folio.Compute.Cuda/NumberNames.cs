namespace Folio.Compute.Cuda;

/// <summary>What number types are called in kernels: the structs of gpu.cuh.</summary>
internal static class NumberNames
{
    public static string Of(DType type) => type switch
    {
        DType.F32 => "float",
        DType.BF16 => "bf16",
        DType.F16 => "f16",
        _ => throw new CudaException($"numbers of type {type} aren't known to the card's kernels."),
    };
}
