using System.Runtime.Intrinsics;
using Folio.Compute.Blocks;
using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the kernels of a stored type, and holds them against the portable ones before anybody relies on them.</summary>
internal static unsafe class EmittedOps
{
    private const int Sums256 = 11; // 16 registers less two of codes, one of activations and two constants
    private const int Sums512 = 26; // 32 registers; with 512 bits, two vectors are a whole panel

    /// <summary>The most rows of a level's tiles, the most vectors of sums, and the outputs of a vector.</summary>
    public static (int MaxRows, int MaxSums, int Lanes) Limits(DotIsa dot) => dot switch
    {
        DotIsa.Amx => (TileKernelEmitter.MaxRows, 2 * TileKernelEmitter.MaxRows, 16),
        DotIsa.Avx512Vnni => (Sums512 / 2, Sums512, 16),
        DotIsa.Avx512Vnni256 => (Sums512 / 2, Sums512, 8),
        _ => (Sums256, Sums256, 8),
    };

    /// <returns>Null: the level has no such kernels, the system denies executable pages, or a kernel computed something else than it should.</returns>
    public static RoundedOps? TryCreate<TFormat>(DType type, CpuIsa isa, ExecutableMemory memory, TileChoices choices) where TFormat : IBlockFormat
    {
        if (!ExecutableMemory.IsSupported || !isa.IsSupported()) return null;
        DotIsa[] candidates = isa.Dots();
        if (candidates.Length > 1 && choices.Kept(type, isa) is { } kept && TryCreate<TFormat>(kept, memory) is { } known) return known;
        if (candidates.Length == 1) return TryCreate<TFormat>(candidates[0], memory);

        (RoundedOps? best, DotIsa ofBest, double least) = (null, default, double.PositiveInfinity);
        foreach (DotIsa dot in candidates)
        {
            if (TryCreate<TFormat>(dot, memory) is not { } ops) continue;
            double seconds = TileSpeed.Measure(ops, RoundedPanel.Of<TFormat>());
            if (seconds < least) (best, ofBest, least) = (ops, dot, seconds);
        }

        if (best is not null) choices.Keep(type, isa, ofBest);
        return best;
    }

    private static RoundedOps<EmittedKernel>? TryCreate<TFormat>(DotIsa dot, ExecutableMemory memory) where TFormat : IBlockFormat
    {
        var panel = RoundedPanel.Of<TFormat>();
        (int maxRows, int maxSums, int lanes) = Limits(dot);

        if (!EmittedFunctions.TryCreate(memory, maxRows, rows => RoundedKernelEmitter.Emit(panel, dot, Abi.OfThisSystem, rows, EmittedKernel.Vectors(rows, maxSums, lanes)), out EmittedFunctions functions)) return null;
        var kernel = new EmittedKernel(functions, maxRows, maxSums, lanes);
        CorrectionKind kind = RoundedKernelEmitter.Kind(panel, dot);
        return Agrees<TFormat>(kernel, kind) ? new RoundedOps<EmittedKernel>(panel, kind, kernel) : null;
    }

    /// <summary>Multiplies random numbers by random weights with every kernel and with the portable ones: all bits must be equal.</summary>
    private static bool Agrees<TFormat>(EmittedKernel kernel, CorrectionKind kind) where TFormat : IBlockFormat
    {
        using var arena = new NativeArena();
        var panel = RoundedPanel.Of<TFormat>();
        var random = new Random(1);
        int blocks = panel.Units == 1 ? 3 : 1, columns = blocks * panel.Units * RoundedPanel.UnitInputs;
        byte* weights = (byte*)arena.Allocate(blocks * panel.BlockBytes);
        RandomPanel(weights, blocks, panel, random);
        float* x = (float*)arena.Allocate((long)kernel.MaxRows * columns * sizeof(float));
        for (int i = 0; i < kernel.MaxRows * columns; i++) x[i] = random.NextSingle() - 0.5f;
        var trusted = new RoundedOps<PortableRoundedKernel<Simd256, Vector256<float>, TFormat>>(panel, TFormat.HasMins ? CorrectionKind.Sum : CorrectionKind.None, default);
        var emitted = new RoundedOps<EmittedKernel>(panel, kind, kernel);
        ReadOnlySpan<int> expected = trusted.MultiplyAlone(arena, weights, x, kernel.MaxRows, columns); // a row's answer doesn't depend on the others
        for (int rows = 1; rows <= kernel.MaxRows; rows++)
        {
            if (!emitted.MultiplyAlone(arena, weights, x, rows, columns).SequenceEqual(expected[..(rows * Panel.Lanes)])) return false;
        }

        return true;
    }

    /// <summary>Any codes that the type can have, scales from 1/16 to 1/4.</summary>
    public static void RandomPanel(byte* weights, int blocks, in RoundedPanel panel, Random random)
    {
        for (int block = 0; block < blocks; block++, weights += panel.BlockBytes)
        {
            random.NextBytes(new Span<byte>(weights, panel.BlockBytes));
            for (int i = 0; i < panel.FactorsOffset / sizeof(ushort); i++) ((ushort*)weights)[i] = (ushort)(0x2C00 + random.Next(0x800));
            KeepCodeBits(weights, panel);
        }
    }

    /// <summary>Clears what codes of 5 bits leave free of their 6.</summary>
    public static void KeepCodeBits(byte* block, in RoundedPanel panel)
    {
        if (panel.CodeBits != 5) return;
        for (int i = panel.CodesOffset; i < panel.BlockBytes; i++) block[i] &= (byte)((i - panel.CodesOffset) / Panel.WordBytes % 3 < 2 ? 0xDF : 0x5F); // the third word's high pairs are the high ones of the last codes
    }
}
