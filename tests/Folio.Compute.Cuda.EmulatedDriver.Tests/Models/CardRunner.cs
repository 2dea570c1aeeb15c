using Folio.Compute.Cuda.Tests.Emulation;
using Folio.Models.Tests;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>Models on the emulated card.</summary>
internal static class CardRunner
{
    /// <summary>Kernels that earlier tests, or runs, have compiled.</summary>
    public static readonly string Kernels = Path.Combine(AppContext.BaseDirectory, "emulated-cuda", "kernels");

    public static CudaBackend Backend(DType? input = null, bool deterministic = false, bool eager = false)
    {
        EmulatedCuda.Require();
        return new CudaBackend(new CudaOptions { Dtype = input, IsDeterministic = deterministic, EnforceEager = eager, KernelFolder = Kernels });
    }

    /// <summary>One sequence at a time.</summary>
    public static SoloRunner Solo(string model, DType? input = null, bool deterministic = false, int chunk = 256, bool shuffle = false, DType kvType = DType.BF16) =>
        new(model, Backend(input, deterministic), maxTokens: 256, chunk, shuffle, kvType);
}
