using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>The product of activations with packed matrices of fp32, fp16 or bf16, by emitted tiles.</summary>
/// <param name="plain">The same in C#, with the same bits.</param>
internal sealed unsafe class FloatOps(FloatKernel kernel, EmittedFunctions functions, PanelOps plain) : ProductOps
{
    /// <returns>Null: the level has no such kernels, the system denies executable pages, or a kernel computed something else than it should.</returns>
    public static FloatOps? TryCreate(DType type, CpuIsa isa, CpuActivations activations, ExecutableMemory memory)
    {
        if (!ExecutableMemory.IsSupported || !isa.IsSupported() || FloatKernel.For(type, isa, activations) is not { } kernel) return null;
        if (!EmittedFunctions.TryCreate(memory, kernel.MaxRows, rows => FloatKernelEmitter.Emit(kernel, Abi.OfThisSystem, rows), out EmittedFunctions functions)) return null;
        var ops = new FloatOps(kernel, functions, PanelOps.For(type, isa));
        return FloatCheck.Agrees(kernel, ops) ? ops : null;
    }

    /// <summary>fp16 weights take so many instructions to convert that, for more than one tile, decoding a chunk of a panel beforehand is faster: 85 Gop/s instead of 57 (Zen 3); below, up to twice as slow.</summary>
    private bool IsForPlain(int rows) => kernel.Type == DType.F16 && rows > kernel.MaxRows;

    public override long ScratchBytes(int rows, int columns) => (long)rows * Values(columns) * sizeof(float);

    public override void Multiply(ThreadTeam team, in LinearArguments arguments, byte* scratch)
    {
        if (IsForPlain(arguments.Rows))
        {
            plain.Multiply(team, arguments, scratch);
            return;
        }

        var x = new TiledRows(arguments.Rows, Values(arguments.Columns), kernel.MaxRows, (float*)scratch);
        if (kernel.Pairs) team.Run(x.Tiles.Count, new TilePairsJob(arguments, x, kernel.Tiles ? kernel.StepValues : 1));
        else team.Run(x.Tiles.Count, new TileRowsJob(arguments, x));
        var job = new TiledLinearJob<FloatProduct>(arguments, new(x, kernel, functions), team.Threads);
        team.Run(job.Items, job);
    }

    /// <summary>Values of a row of activations, as tiles hold them.</summary>
    private int Values(int columns) => (columns + kernel.Step - 1) / kernel.Step * kernel.StepValues;
}
