using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Bench;

/// <summary>What this machine can do at most, all threads together: the roofline that kernels are held against.</summary>
/// <param name="Floats">10⁹ operations a second of fp32 multiply-adds (two operations each).</param>
/// <param name="Bytes">The same of products of 8-bit codes with bytes, as the level's instructions do them.</param>
/// <param name="Nibbles">The same of 4-bit codes, and of those of 5 and 6 bits about an offset, whose products need less care.</param>
/// <param name="Pairs">The same of products of bf16; of fp32 where the processor has none of them.</param>
/// <param name="Bandwidth">10⁹ bytes a second read from memory.</param>
internal sealed record Ceilings(double Floats, double Bytes, double Nibbles, double Pairs, double Bandwidth)
{
    public static Ceilings Measure(int threads)
    {
        double floats = MachineLimits.MultiplyAddGops(threads);
        return new(floats, ProductChains.Gops(ProductKind.Bytes, threads) ?? floats, ProductChains.Gops(ProductKind.Nibbles, threads) ?? floats, ProductChains.Gops(ProductKind.Pairs, threads) ?? floats, ReadBandwidth.Measure(threads));
    }

    /// <summary>Of products with weights of a type.</summary>
    /// <param name="activations">Null: rounded.</param>
    public double Gops(DType type, CpuActivations? activations) => (activations ?? CpuActivations.Rounded) == CpuActivations.F32 ? Floats : type switch
    {
        DType.F32 or DType.F16 => Floats,
        DType.BF16 => Pairs,
        DType.Q2_K or DType.Q3_K or DType.Q4_0 or DType.Q4_1 or DType.Q4_K or DType.Q5_0 or DType.Q6_K => Nibbles,
        _ => Bytes,
    };

    public override string ToString() =>
        $"at most {Floats:F0} Gop/s in fp32, {(Pairs > Floats ? $"{Pairs:F0} in bf16, " : "")}{Bytes:F0} with 8-bit and {Nibbles:F0} with 4-bit codes; memory is read at {Bandwidth:F1} GB/s";
}
