using System.Runtime.Intrinsics;
using Folio.Compute.Blocks;
using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>The product of rounded activations with packed matrices of one stored type.</summary>
internal abstract unsafe class RoundedOps : ProductOps
{
    /// <summary>Whether machine code was emitted for it.</summary>
    public abstract bool IsEmitted { get; }

    public override long ScratchBytes(int rows, int columns) => RoundedRows.Bytes((long)rows * columns);

    /// <summary>The product with one panel, on the caller's thread.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <returns>The bits of [rows, 32].</returns>
    public ReadOnlySpan<int> MultiplyAlone(NativeArena arena, byte* weights, float* x, int rows, int columns)
    {
        float* y = (float*)arena.Allocate((long)rows * Panel.Lanes * sizeof(float));
        var arguments = new LinearArguments { Panels = weights, Outputs = Panel.Lanes, Columns = columns, X = x, XStride = columns, Rows = rows, Y = y, YStride = Panel.Lanes };
        using var alone = new ThreadTeam(1);
        Multiply(alone, arguments, (byte*)arena.Allocate(ScratchBytes(rows, columns)));
        return new(y, rows * Panel.Lanes);
    }

    /// <returns>Null where weights are not quantised: rounding the activations wouldn't pay.</returns>
    public static RoundedOps? For(DType type, CpuIsa isa, ExecutableMemory code, TileChoices choices) => type switch
    {
        DType.Q8_0 => For<Q8_0>(type, isa, code, choices),
        DType.Q4_0 => For<Q4_0>(type, isa, code, choices),
        DType.Q4_1 => For<Q4_1>(type, isa, code, choices),
        DType.Q5_0 => For<Q5_0>(type, isa, code, choices),
        DType.Q5_1 => For<Q5_1>(type, isa, code, choices),
        DType.Q2_K => For<Q2_K>(type, isa, code, choices),
        DType.Q3_K => For<Q3_K>(type, isa, code, choices),
        DType.Q4_K => For<Q4_K>(type, isa, code, choices),
        DType.Q5_K => For<Q5_K>(type, isa, code, choices),
        DType.Q6_K => For<Q6_K>(type, isa, code, choices),
        _ => null,
    };

    private static RoundedOps For<TFormat>(DType type, CpuIsa isa, ExecutableMemory code, TileChoices choices) where TFormat : IBlockFormat =>
        EmittedOps.TryCreate<TFormat>(type, isa, code, choices) is { } emitted ? emitted
        : isa == CpuIsa.Portable ? Portable(default(PortableRoundedKernel<Simd128, Vector128<float>, TFormat>), RoundedPanel.Of<TFormat>())
        : Portable(default(PortableRoundedKernel<Simd256, Vector256<float>, TFormat>), RoundedPanel.Of<TFormat>());

    private static RoundedOps<TKernel> Portable<TKernel>(TKernel kernel, in RoundedPanel panel) where TKernel : unmanaged, IRoundedKernel =>
        new(panel, panel.HasMins ? CorrectionKind.Sum : CorrectionKind.None, kernel);
}

/// <param name="kind">What the kernel wants to know of the activations.</param>
internal sealed unsafe class RoundedOps<TKernel>(RoundedPanel panel, CorrectionKind kind, TKernel kernel) : RoundedOps where TKernel : unmanaged, IRoundedKernel
{
    public override bool IsEmitted => typeof(TKernel) == typeof(EmittedKernel);

    public override void Multiply(ThreadTeam team, in LinearArguments arguments, byte* scratch)
    {
        var x = new RoundedRows(arguments.Rows, arguments.Columns, kernel.MaxRows, scratch);
        var round = new RoundRowsJob(arguments.X, arguments.XStride, x, panel, kind);
        team.Run(round.Items, round);
        var job = new TiledLinearJob<RoundedProduct<TKernel>>(arguments, new(x, panel, kernel), team.Threads);
        team.Run(job.Items, job);
    }
}
