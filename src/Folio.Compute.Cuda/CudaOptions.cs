namespace Folio.Compute.Cuda;

/// <summary>How a card is used.</summary>
public sealed record CudaOptions
{
    /// <summary>Which card, counted from 0 among those that CUDA_VISIBLE_DEVICES leaves.</summary>
    public int Device { get; init; }

    /// <summary>The share of the card's memory that this process may take in all.</summary>
    public double GpuMemoryUtilization { get; init; } = 0.9;

    /// <summary>What products are fed with: BF16, F16 or F32; null: as the weights are stored, BF16 for quantised ones.</summary>
    public DType? Dtype { get; init; }

    /// <summary>Answers are the same bits whatever runs beside a request: products of all sizes are made by one kernel of Folio's own, and prompts attended to as decoding is, which is slower.</summary>
    public bool IsDeterministic { get; init; }

    /// <summary>Decoding steps are launched kernel by kernel, not repeated from CUDA graphs: slower, and the start is sooner done.</summary>
    public bool EnforceEager { get; init; }

    /// <summary>Where compiled kernels are kept for the next start; null: nowhere.</summary>
    public string? KernelFolder { get; init; } = CacheFolder.Of("kernels");

    internal void Check()
    {
        if (GpuMemoryUtilization is not (> 0 and <= 1)) throw new FolioException($"--gpu-memory-utilization (GpuMemoryUtilization) is {GpuMemoryUtilization}; expected more than 0, and 1 at most.");
        if (Dtype is not (null or DType.BF16 or DType.F16 or DType.F32)) throw new FolioException($"--dtype (Dtype) is {Dtype}; expected BF16, F16 or F32.");
    }
}
