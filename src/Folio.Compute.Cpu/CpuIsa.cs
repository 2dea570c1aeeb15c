using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu;

/// <summary>Which instructions the kernels use: each level has those before it, but for AVX-VNNI. Chosen once, when a backend is made.</summary>
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

    /// <summary>And with products of pairs of bf16 (vdpbf16ps).</summary>
    Avx512Bf16,

    /// <summary>And with products of matrices of bytes and of pairs of bf16 (tdpbsud, tdpbf16ps).</summary>
    Amx,
}

internal static class CpuIsas
{
    /// <summary>The environment variable that forces a level: the name of one, in any case.</summary>
    public const string Variable = "FOLIO_CPU_ISA";

    /// <summary>The best level that this processor has.</summary>
    public static CpuIsa Best { get; } = Enum.GetValues<CpuIsa>().Last(IsSupported);

    public static bool IsSupported(this CpuIsa isa) => isa switch
    {
        CpuIsa.Portable => true,
        CpuIsa.Avx2 => Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported && Features(1).Ecx.Bit(29), // fp16 conversions
        CpuIsa.AvxVnni => IsSupported(CpuIsa.Avx2) && AvxVnni.IsSupported,
        CpuIsa.Avx512 => IsSupported(CpuIsa.Avx2) && Avx512F.IsSupported && Avx512BW.IsSupported && Avx512F.VL.IsSupported,
        CpuIsa.Avx512Vnni => IsSupported(CpuIsa.Avx512) && Features(7).Ecx.Bit(11),
        CpuIsa.Avx512Bf16 => IsSupported(CpuIsa.Avx512Vnni) && Features(7, 1).Eax.Bit(5),
        _ => IsSupported(CpuIsa.Avx512Bf16) && Features(7).Edx is var tiles && tiles.Bit(24) && tiles.Bit(25) && tiles.Bit(22) && TilePermission.Granted, // tiles, of bytes, of bf16
    };

    /// <summary>How emitted kernels may multiply bytes, the likeliest to be fastest first; none: there are no kernels.</summary>
    public static DotIsa[] Dots(this CpuIsa isa) => isa switch
    {
        CpuIsa.Portable => [],
        CpuIsa.Amx => [DotIsa.Amx, DotIsa.Avx512Vnni, DotIsa.Avx512Vnni256],
        >= CpuIsa.Avx512Vnni => [DotIsa.Avx512Vnni, DotIsa.Avx512Vnni256],
        CpuIsa.AvxVnni => [DotIsa.AvxVnni],
        CpuIsa.Avx512 when IsSupported(CpuIsa.AvxVnni) => [DotIsa.AvxVnni],
        _ => [DotIsa.Avx2],
    };

    /// <summary>Family, model and stepping of the processor, as cpuid has them.</summary>
    public static int Signature => Features(1).Eax;

    /// <summary>The level that <see cref="Variable"/> asks for, else <see cref="Best"/>.</summary>
    public static CpuIsa FromEnvironment()
    {
        string? name = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(name)) return Best;
        if (!Enum.TryParse(name, ignoreCase: true, out CpuIsa isa) || !Enum.IsDefined(isa))
            throw new FolioException($"{Variable} is '{name}'; expected one of {string.Join(", ", Enum.GetNames<CpuIsa>()).ToLowerInvariant()}.");
        if (!isa.IsSupported()) throw new FolioException($"{Variable} asks for {isa}, which this processor lacks; its best level is {Best}.");
        return isa;
    }

    /// <summary>What cpuid says of a function; zeros where it has none such.</summary>
    private static (int Eax, int Ebx, int Ecx, int Edx) Features(int function, int part = 0)
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < function) return default;
        return part > X86Base.CpuId(function, 0).Eax && part > 0 ? default : X86Base.CpuId(function, part);
    }

    private static bool Bit(this int register, int bit) => (register >> bit & 1) != 0;
}
