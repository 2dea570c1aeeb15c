namespace Folio.Compute.Cuda;

/// <summary>What number types are called in kernels: those of gpu.cuh and kv_numbers.cuh.</summary>
internal static class NumberNames
{
    public static string Of(DType type) => type switch
    {
        DType.F32 => "float",
        DType.BF16 => "bf16",
        DType.F16 => "f16",
        DType.F8_E4M3 => "e4m3",
        DType.I8 => "int8",
        _ => throw new CudaException($"numbers of type {type} aren't known to the card's kernels."),
    };
}
