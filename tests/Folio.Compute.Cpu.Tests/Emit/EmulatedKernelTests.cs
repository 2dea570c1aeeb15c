using Folio.Compute.Blocks;
using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;
using Iced.Intel;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Kernels of every level, whatever this processor has: their machine code is emulated.</summary>
public sealed unsafe class EmulatedKernelTests
{
    public static TheoryData<DType> Types => [.. QuantizedBlocks.Types.Where(type => QuantizedBlocks.BlockSize(type) > 1)];

    /// <summary>Each tile may touch only what it describes: the emulator refuses the rest.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Kernels_of_every_level_and_shape_give_the_portable_bits_and_touch_only_their_tile(DType type)
    {
        foreach (DotIsa isa in Enum.GetValues<DotIsa>())
        {
            using var tiles = new EmulatedTiles(PanelOf(type), isa);
            Agree(type, isa.ToString(), tiles.Ops, CpuIsa.Portable, Enumerable.Range(1, tiles.Codes.Length));
        }
    }

    /// <summary>The emulator passes the argument as Windows does, and looks whether the registers that Windows preserves are.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Kernels_for_windows_give_the_portable_bits(DType type)
    {
        foreach (DotIsa isa in Enum.GetValues<DotIsa>())
        {
            using var tiles = new EmulatedTiles(PanelOf(type), isa, windows: true);
            Agree(type, $"{isa} for Windows", tiles.Ops, CpuIsa.Portable, [1, tiles.Codes.Length]);
        }
    }

    /// <summary>A function for Windows finds its argument in another register, and changes none that Linux or macOS preserve: behind one move it runs there too.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Kernels_for_windows_run_on_this_processor(DType type)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && !OperatingSystem.IsWindows() && CpuIsas.Best > CpuIsa.Portable, "this processor or system has no level for which kernels are emitted, or is Windows");
        byte[] move = [0x48, 0x89, 0xF9]; // mov rcx, rdi
        RoundedPanel panel = PanelOf(type);
        DotIsa isa = CpuIsas.Best.Dots()[0];
        (int maxRows, int maxSums, int lanes) = EmittedOps.Limits(isa);
        using var memory = new ExecutableMemory();
        Assert.True(EmittedFunctions.TryCreate(
            memory, maxRows, rows => [.. move, .. RoundedKernelEmitter.Emit(panel, isa, Abi.Windows, rows, EmittedKernel.Vectors(rows, maxSums, lanes))], out EmittedFunctions functions));
        var ops = new RoundedOps<EmittedKernel>(panel, RoundedKernelEmitter.Kind(panel, isa), new(functions, maxRows, maxSums, lanes));
        Agree(type, $"{isa} for Windows", ops, CpuIsa.Portable, Enumerable.Range(1, maxRows));
    }

    /// <summary>This tests the emulator: where the processor itself can judge, they must be of one mind.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Emulated_kernels_give_the_bits_of_this_processor(DType type)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && CpuIsas.Best > CpuIsa.Portable, "this processor or system has no level for which kernels are emitted");
        foreach (CpuIsa level in Enum.GetValues<CpuIsa>().Where(level => level.IsSupported()))
        {
            foreach (DotIsa isa in level.Dots())
            {
                using var tiles = new EmulatedTiles(PanelOf(type), isa);
                Agree(type, isa.ToString(), tiles.Ops, level, Enumerable.Range(1, tiles.Codes.Length));
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Kernels_are_made_of_instructions_and_registers_that_their_level_has(DType type)
    {
        CpuidFeature[] common = [CpuidFeature.INTEL8086, CpuidFeature.INTEL386, CpuidFeature.X64, CpuidFeature.SSE, CpuidFeature.AVX];
        foreach (DotIsa isa in Enum.GetValues<DotIsa>())
        {
            CpuidFeature[] features = [.. common, .. isa switch
            {
                DotIsa.Avx2 => (CpuidFeature[])[CpuidFeature.AVX2, CpuidFeature.FMA, CpuidFeature.F16C],
                DotIsa.AvxVnni => [CpuidFeature.AVX2, CpuidFeature.FMA, CpuidFeature.F16C, CpuidFeature.AVX_VNNI],
                DotIsa.Amx => [CpuidFeature.AVX512F, CpuidFeature.AVX512BW, CpuidFeature.AVX512VL, CpuidFeature.AVX512_VNNI, CpuidFeature.AMX_TILE, CpuidFeature.AMX_INT8],
                _ => [CpuidFeature.AVX512F, CpuidFeature.AVX512BW, CpuidFeature.AVX512VL, CpuidFeature.AVX512_VNNI],
            }];
            using var tiles = new EmulatedTiles(PanelOf(type), isa);
            foreach (Instruction instruction in tiles.Codes.SelectMany(code => Emulator.Decode(code)))
            {
                Assert.All(instruction.CpuidFeatures, feature => Assert.True(features.Contains(feature), $"{isa}: '{instruction}' takes {feature}"));
                for (int operand = 0; operand < instruction.OpCount; operand++)
                {
                    Register register = instruction.GetOpRegister(operand); // None unless it is one
                    if (register.IsVectorRegister()) Assert.InRange(register.GetNumber(), 0, isa >= DotIsa.Avx512Vnni256 ? 31 : 15);
                }
            }
        }
    }

    /// <summary>The same bits from every tile, for random numbers and for extreme ones.</summary>
    private static void Agree(DType type, string level, RoundedOps emulated, CpuIsa trusted, IEnumerable<int> rowCounts)
    {
        using var memory = new ExecutableMemory();
        using var arena = new NativeArena();
        RoundedOps expected = RoundedOps.For(type, trusted, memory, new(path: null))!;
        Assert.Equal(trusted != CpuIsa.Portable, expected.IsEmitted);
        var random = new Random(2);
        RoundedPanel panel = PanelOf(type);
        int blocks = panel.Units == 1 ? 3 : 2, columns = blocks * panel.Units * RoundedPanel.UnitInputs;
        byte* weights = (byte*)arena.Allocate(blocks * panel.BlockBytes);
        float* x = (float*)arena.Allocate((long)rowCounts.Max() * columns * sizeof(float));
        foreach (int rows in rowCounts)
        {
            foreach (bool extreme in (bool[])[false, true])
            {
                EmittedOps.RandomPanel(weights, blocks, panel, random);
                for (int i = 0; i < rows * columns; i++) x[i] = random.NextSingle() - 0.5f;
                if (extreme) MakeExtreme(weights, blocks, panel, x, rows, columns, random);
                ReadOnlySpan<int> e = expected.MultiplyAlone(arena, weights, x, rows, columns), a = emulated.MultiplyAlone(arena, weights, x, rows, columns);
                int equal = e.CommonPrefixLength(a);
                if (equal < e.Length) Assert.Fail($"{level}, {rows} rows, {(extreme ? "extreme" : "random")} numbers: row {equal / Panel.Lanes}, output {equal % Panel.Lanes} has the bits {a[equal]:x8}; expected {e[equal]:x8}");
            }
        }
    }

    /// <summary>The largest and smallest codes times activations of one size and both signs, alike over some rows and outputs and mixed over the others: where sums on the way would overflow.</summary>
    private static void MakeExtreme(byte* weights, int blocks, in RoundedPanel panel, float* x, int rows, int columns, Random random)
    {
        for (int i = 0; i < rows * columns; i++) x[i] = High(i / columns, random) ? 1 : -1;
        for (int block = 0; block < blocks; block++, weights += panel.BlockBytes)
        {
            for (int i = panel.CodesOffset; i < panel.BlockBytes; i++)
            {
                int lane = (i - panel.CodesOffset) / sizeof(uint) % Panel.Lanes;
                weights[i] = panel.Bits switch
                {
                    8 => (byte)(High(lane, random) ? 255 : 0),
                    6 => (byte)((High(lane, random) ? 63 : 0) | (High(lane, random) ? 3 << 6 : 0)),
                    _ => (byte)((High(lane, random) ? 15 : 0) | (High(lane, random) ? 15 << 4 : 0)),
                };
            }

            EmittedOps.KeepCodeBits(weights, panel);
        }
    }

    private static bool High(int place, Random random) => (place % 4) switch { 0 => true, 1 => false, _ => random.Next(2) == 0 };

    private static RoundedPanel PanelOf(DType type) => type switch
    {
        DType.Q8_0 => RoundedPanel.Of<Q8_0>(),
        DType.Q4_0 => RoundedPanel.Of<Q4_0>(),
        DType.Q4_1 => RoundedPanel.Of<Q4_1>(),
        DType.Q5_0 => RoundedPanel.Of<Q5_0>(),
        DType.Q5_1 => RoundedPanel.Of<Q5_1>(),
        DType.Q2_K => RoundedPanel.Of<Q2_K>(),
        DType.Q3_K => RoundedPanel.Of<Q3_K>(),
        DType.Q4_K => RoundedPanel.Of<Q4_K>(),
        DType.Q5_K => RoundedPanel.Of<Q5_K>(),
        DType.Q6_K => RoundedPanel.Of<Q6_K>(),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
