using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>The ops on packed matrices of one stored type at one vector width.</summary>
internal abstract class PanelOps : ProductOps
{
    /// <summary>Bytes of a panel of 32 outputs and so many inputs.</summary>
    public abstract long PanelBytes(int columns);

    /// <summary>y[i] = w[ids[i]].</summary>
    public abstract void LookUp(ThreadTeam team, in LookUpArguments arguments);

    public static PanelOps For(DType type, CpuIsa isa) => isa switch
    {
        >= CpuIsa.Avx512 when Vector512.IsHardwareAccelerated || !Avx512F.IsSupported => For<Simd512, Vector512<float>>(type),
        >= CpuIsa.Avx2 => For<Simd256, Vector256<float>>(type),
        _ => For<Simd128, Vector128<float>>(type),
    };

    private static PanelOps For<TSimd, TV>(DType type) where TSimd : ISimd<TV> where TV : struct => type switch
    {
        DType.F32 => new PanelOps<TSimd, TV, F32Decoder<TSimd, TV>>(),
        DType.F16 => new PanelOps<TSimd, TV, F16Decoder<TSimd, TV>>(),
        DType.BF16 => new PanelOps<TSimd, TV, BF16Decoder<TSimd, TV>>(),
        DType.Q8_0 => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q8_0>>(),
        DType.Q4_0 => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q4_0>>(),
        DType.Q4_1 => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q4_1>>(),
        DType.Q5_0 => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q5_0>>(),
        DType.Q5_1 => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q5_1>>(),
        DType.Q2_K => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q2_K>>(),
        DType.Q3_K => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q3_K>>(),
        DType.Q4_K => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q4_K>>(),
        DType.Q5_K => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q5_K>>(),
        DType.Q6_K => new PanelOps<TSimd, TV, QuantizedDecoder<TSimd, TV, Q6_K>>(),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}

internal sealed unsafe class PanelOps<TSimd, TV, TDecoder> : PanelOps
    where TSimd : ISimd<TV> where TV : struct where TDecoder : struct, IPanelDecoder<TDecoder, TV>
{
    public override long PanelBytes(int columns) => (columns + TDecoder.Group * TDecoder.Groups - 1) / (TDecoder.Group * TDecoder.Groups) * (long)TDecoder.BlockBytes;

    public override void Multiply(ThreadTeam team, in LinearArguments arguments, byte* scratch)
    {
        var job = new LinearJob<TSimd, TV, TDecoder>(arguments, team.Threads);
        team.Run(job.Items, job);
    }

    public override void LookUp(ThreadTeam team, in LookUpArguments arguments) =>
        team.Run(arguments.Rows, new LookUpJob<TSimd, TV, TDecoder>(arguments));
}
