using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Folio.Compute.Cpu;

/// <summary>Which instructions the kernels use. Chosen once, when a backend is made.</summary>
public enum CpuIsa
{
    /// <summary>128-bit vectors of whatever processor .NET runs on.</summary>
    Portable,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors with 32 registers.</summary>
    Avx512,
}

internal static class CpuIsas
{
    /// <summary>The environment variable that forces a level: portable, avx2 or avx512.</summary>
    public const string Variable = "FOLIO_CPU_ISA";

    /// <summary>The best level that this processor has.</summary>
    public static CpuIsa Best { get; } =
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512BW.IsSupported && Avx512F.VL.IsSupported ? CpuIsa.Avx512
        : Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported ? CpuIsa.Avx2
        : CpuIsa.Portable;

    /// <summary>The level that <see cref="Variable"/> asks for, else <see cref="Best"/>.</summary>
    public static CpuIsa FromEnvironment()
    {
        string? name = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(name)) return Best;
        if (!Enum.TryParse(name, ignoreCase: true, out CpuIsa isa) || !Enum.IsDefined(isa))
            throw new FolioException($"{Variable} is '{name}'; expected portable, avx2 or avx512.");
        if (isa > Best) throw new FolioException($"{Variable} asks for {isa}, which this processor lacks; its best level is {Best}.");
        return isa;
    }
}
