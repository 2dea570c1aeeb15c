using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>The product of exact activations with packed matrices of fp32 or bf16, by emitted tiles.</summary>
internal sealed unsafe class FloatOps : ProductOps
{
    private readonly EmittedFunctions _functions;
    private readonly bool _half, _wide;

    private FloatOps(bool half, bool wide, EmittedFunctions functions) => (_half, _wide, _functions) = (half, wide, functions);

    /// <returns>Null: the level has no such kernels, the system denies executable pages, or a kernel computed something else than it should.</returns>
    public static FloatOps? TryCreate(DType type, CpuIsa isa, ExecutableMemory memory)
    {
        if (type is not (DType.F32 or DType.BF16) || !ExecutableMemory.IsSupported || !isa.IsSupported() || isa == CpuIsa.Portable) return null;
        bool half = type == DType.BF16, wide = isa is CpuIsa.Avx512 or CpuIsa.Avx512Vnni;
        if (!EmittedFunctions.TryCreate(memory, FloatKernelEmitter.MaxRows(wide), rows => FloatKernelEmitter.Emit(half, wide, rows), out EmittedFunctions functions)) return null;
        var ops = new FloatOps(half, wide, functions);
        return ops.Agrees() ? ops : null;
    }

    public override long ScratchBytes(int rows, int columns) => (long)rows * RoundUp(columns) * sizeof(float);

    public override void Multiply(ThreadTeam team, in LinearArguments arguments, byte* scratch)
    {
        var x = new TiledRows(arguments.Rows, RoundUp(arguments.Columns), FloatKernelEmitter.MaxRows(_wide), (float*)scratch);
        var tile = new TileRowsJob(arguments, x);
        team.Run(x.Tiles.Count, tile);
        var job = new TiledLinearJob<FloatProduct>(arguments, new(x, _half, _wide, _functions), team.Threads);
        team.Run(job.Items, job);
    }

    /// <summary>Multiplies random numbers with every kernel and holds the sums against chains in C#: all bits must be equal.</summary>
    private bool Agrees()
    {
        const int columns = 3 * FloatTile.Step;
        using var arena = new NativeArena();
        using var alone = new ThreadTeam(1);
        var random = new Random(1);
        int perWord = _half ? 2 : 1;
        float* w = (float*)arena.Allocate(columns * Panel.Lanes * sizeof(float)), x = (float*)arena.Allocate(16 * columns * sizeof(float)), y = (float*)arena.Allocate(16 * Panel.Lanes * sizeof(float));
        uint* panel = (uint*)arena.Allocate(columns * Panel.WordBytes);
        for (int i = 0; i < columns * Panel.Lanes; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) & (_half ? 0xFFFF0000 : 0xFFFFFFFF);
            (w[i], int input, int lane) = (BitConverter.UInt32BitsToSingle(bits), i / Panel.Lanes, i % Panel.Lanes);
            panel[input / perWord * Panel.Lanes + lane] |= _half && input % 2 == 0 ? bits >> 16 : bits;
        }

        for (int i = 0; i < 16 * columns; i++) x[i] = random.NextSingle() - 0.5f;
        byte* scratch = (byte*)arena.Allocate(ScratchBytes(16, columns));
        for (int rows = 1; rows <= FloatKernelEmitter.MaxRows(_wide); rows++)
        {
            Multiply(alone, new() { Panels = (byte*)panel, Outputs = Panel.Lanes, Columns = columns, X = x, XStride = columns, Rows = rows, Y = y, YStride = Panel.Lanes }, scratch);
            for (int i = 0; i < rows * Panel.Lanes; i++)
            {
                float sum = 0;
                for (int k = 0; k < columns; k++) sum = MathF.FusedMultiplyAdd(w[k * Panel.Lanes + i % Panel.Lanes], x[i / Panel.Lanes * columns + k], sum);
                if (y[i] != sum) return false;
            }
        }

        return true;
    }

    private static int RoundUp(int columns) => (columns + FloatTile.Step - 1) / FloatTile.Step * FloatTile.Step;
}
