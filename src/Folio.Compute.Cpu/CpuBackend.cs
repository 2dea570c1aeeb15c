using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Kept;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu;

/// <summary>The op set in C# SIMD on a team of threads. fp32 values and sums; weights stay in their stored type.</summary>
/// <remarks>
/// Every buffer, weight and cache lies in one native arena and is freed with the backend.
/// Partial: this file holds memory, the others one group of ops each.
/// </remarks>
public sealed unsafe partial class CpuBackend : Backend
{
    private readonly ThreadTeam _team;
    private readonly NativeArena _arena = new();
    private readonly CpuIsa _isa;
    private readonly CpuActivations _activations;
    private readonly ExecutableMemory _code = new();
    private readonly TileChoices _tileChoices;
    private readonly Dictionary<DType, ProductOps> _products = [];
    private readonly GrowingBuffer _rearranged = new(); // activations as the kernels walk them

    /// <param name="threads">Threads of the team, the caller among them; null: one a physical core.</param>
    /// <param name="isa">The level of the kernels; null: what FOLIO_CPU_ISA says, else the best that the processor has. A level above that runs in software.</param>
    /// <param name="activations">Whether products round their activations; null: where that pays, which takes emitted kernels.</param>
    /// <param name="packedWeights">Where packed weights, and which tiles were measured to be fastest, are looked for and kept; null: nowhere.</param>
    public CpuBackend(int? threads = null, CpuIsa? isa = null, CpuActivations? activations = null, PackedWeightCache? packedWeights = null)
    {
        (_cache, _tileChoices) = (packedWeights, new(packedWeights?.TilesPath));
        if (threads < 1) throw new FolioException($"threads is {threads}; expected 1 or more.");
        _isa = isa ?? CpuIsas.FromEnvironment();
        _activations = activations ?? (CanEmit() ? CpuActivations.Rounded : CpuActivations.F32);
        _team = new ThreadTeam(threads ?? CpuCores.Available);
    }

    public CpuIsa Isa => _isa;

    public CpuActivations Activations => _activations;

    public int Threads => _team.Threads;

    public override string Description => $"CPU, {_isa}, {Threads} thread{(Threads == 1 ? "" : "s")}, {_activations} activations";

    public override IReadOnlyList<DType> CacheTypes { get; } = [DType.F32, DType.BF16, DType.I8];

    public override long AvailableMemory => Math.Max(0, HostMemory.Available - MappedBytes);

    public override Tensor Allocate(int rows, int columns, DType type = DType.F32)
    {
        if (type != DType.F32) throw new ArgumentOutOfRangeException(nameof(type), type, "the CPU's buffers hold F32");
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        return new((nint)_arena.Allocate((long)rows * columns * sizeof(float)), rows, columns, columns);
    }

    public override Tensor Upload(ReadOnlySpan<float> values)
    {
        Tensor x = Allocate(1, values.Length);
        values.CopyTo(HostRow(x, 0));
        return x;
    }

    public override void Write(Tensor x, ReadOnlySpan<float> values)
    {
        if (x.Columns == 0) return;
        for (int row = 0; row * x.Columns < values.Length; row++) values.Slice(row * x.Columns, x.Columns).CopyTo(HostRow(x, row));
    }

    public override Span<float> HostRow(Tensor x, int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)x.Rows, nameof(row));
        return new((float*)x.Data + (long)row * x.Stride, x.Columns);
    }

    /// <summary>Whether there are kernels to emit for the level, and the system lets pages be executed.</summary>
    private bool CanEmit() => ExecutableMemory.IsSupported && _isa.IsSupported() && _isa.Dots().Length > 0 && _code.TryAdd([0xC3]) != null; // ret

    public override void Dispose()
    {
        _team.Dispose();
        _rearranged.Dispose();
        _code.Dispose();
        foreach (KeptWeights kept in _kept) kept.Dispose(); // may still be writing what lies in the arena: gives up
        _arena.Dispose();
    }
}
