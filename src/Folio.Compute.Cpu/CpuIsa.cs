using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu;

/// <summary>Which instructions the kernels use. Chosen once, when a backend is made.</summary>
public enum CpuIsa
{
    /// <summary>128-bit vectors of whatever processor .NET runs on.</summary>
    Portable,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>The same with products of bytes (vpdpbusd).</summary>
    AvxVnni,

    /// <summary>512-bit vectors with 32 registers.</summary>
    Avx512,

    /// <summary>The same with products of bytes.</summary>
    Avx512Vnni,
}

internal static class CpuIsas
{
    /// <summary>The environment variable that forces a level: portable, avx2, avxvnni, avx512 or avx512vnni.</summary>
    public const string Variable = "FOLIO_CPU_ISA";

    /// <summary>The best level that this processor has.</summary>
    public static CpuIsa Best { get; } = Enum.GetValues<CpuIsa>().Last(IsSupported);

    public static bool IsSupported(this CpuIsa isa) => isa switch
    {
        CpuIsa.Portable => true,
        CpuIsa.Avx2 => Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported && HasBit(function: 1, bit: 29), // fp16 conversions
        CpuIsa.AvxVnni => IsSupported(CpuIsa.Avx2) && AvxVnni.IsSupported,
        CpuIsa.Avx512 => IsSupported(CpuIsa.Avx2) && Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512BW.IsSupported && Avx512F.VL.IsSupported,
        _ => IsSupported(CpuIsa.Avx512) && HasBit(function: 7, bit: 11),
    };

    /// <summary>How emitted kernels multiply bytes; null: there are none.</summary>
    public static DotIsa? Dot(this CpuIsa isa) => isa switch
    {
        CpuIsa.Portable => null,
        CpuIsa.Avx512Vnni => DotIsa.Avx512Vnni,
        CpuIsa.AvxVnni => DotIsa.AvxVnni,
        CpuIsa.Avx512 when IsSupported(CpuIsa.AvxVnni) => DotIsa.AvxVnni,
        _ => DotIsa.Avx2,
    };

    /// <summary>The level that <see cref="Variable"/> asks for, else <see cref="Best"/>.</summary>
    public static CpuIsa FromEnvironment()
    {
        string? name = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(name)) return Best;
        if (!Enum.TryParse(name, ignoreCase: true, out CpuIsa isa) || !Enum.IsDefined(isa))
            throw new FolioException($"{Variable} is '{name}'; expected portable, avx2, avxvnni, avx512 or avx512vnni.");
        if (!isa.IsSupported()) throw new FolioException($"{Variable} asks for {isa}, which this processor lacks; its best level is {Best}.");
        return isa;
    }

    /// <summary>A bit of what cpuid leaves in ecx.</summary>
    private static bool HasBit(int function, int bit) =>
        X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= function && (X86Base.CpuId(function, 0).Ecx >> bit & 1) != 0;
}
