using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>The emulator beside the processor itself, one instruction at a time, for the levels that this processor has.</summary>
public sealed unsafe class EmulatorTests
{
    private const int Rounds = 100, A = 13, B = 2, C = 9;

    private static readonly Gp s_argument = Abi.OfThisSystem.Argument;
    private static readonly VectorOp[] s_floats = [VectorOp.Multiply, VectorOp.MultiplyAdd213, VectorOp.MultiplyAdd231];
    private static readonly VectorOp[] s_unary = [VectorOp.Load, VectorOp.ToSingle, VectorOp.HalfToSingle, VectorOp.BytesToInts, VectorOp.Abs, VectorOp.BroadcastInt, VectorOp.BroadcastSingle];
    private static readonly VectorOp[] s_binary = [VectorOp.And, VectorOp.Xor, VectorOp.MultiplyAddWords, VectorOp.AddWords, VectorOp.AddInts, VectorOp.MultiplyAddBytes, .. s_floats];

    [Theory, InlineData(CpuIsa.Avx2), InlineData(CpuIsa.AvxVnni), InlineData(CpuIsa.Avx512), InlineData(CpuIsa.Avx512Vnni), InlineData(CpuIsa.Avx512Bf16)]
    public void Each_instruction_gives_the_bits_of_this_processor(CpuIsa level)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && level.IsSupported(), $"this processor or system lacks {level}");
        int vectorBytes = level >= CpuIsa.Avx512 ? 64 : 32;
        foreach (VectorOp op in s_unary)
        {
            Agree(vectorBytes, op, asm => asm.Op(op, A, C));
            Agree(vectorBytes, op, asm => asm.Op(op, A, new Mem(s_argument, 12)));
        }

        VectorOp[] binary = [.. s_binary, .. vectorBytes == 32 ? [VectorOp.Sign] : (VectorOp[])[], .. level is CpuIsa.AvxVnni or >= CpuIsa.Avx512Vnni ? [VectorOp.DotBytes] : (VectorOp[])[]];
        foreach (VectorOp op in binary)
        {
            Agree(vectorBytes, op, asm => asm.Op(op, A, B, C));
            Agree(vectorBytes, op, asm => asm.Op(op, A, B, new Mem(s_argument, 12)));
        }

        if (level >= CpuIsa.Avx512Vnni) Agree(vectorBytes, VectorOp.DotBytes, asm => asm.Op(VectorOp.DotBytes, A, B, new Mem(s_argument, 12, Broadcast: true)));
        foreach (byte bits in (byte[])[0, 4, 31, 32, 255]) Agree(vectorBytes, default, asm => asm.ShiftRight(A, C, bits));
        foreach (byte bits in (byte[])[0, 3, 31, 32, 255]) Agree(vectorBytes, default, asm => asm.ShiftRightSigned(A, C, bits));
        foreach (byte bits in (byte[])[0, 16, 31, 32, 255]) Agree(vectorBytes, default, asm => asm.ShiftLeft(A, C, bits));
        Agree(vectorBytes, default, asm => asm.Broadcast(A, 0x81020304, Gp.Rax));
    }

    [Fact]
    public void Loops_and_the_stack_give_the_numbers_of_this_processor()
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && CpuIsa.Avx2.IsSupported(), "this processor or system lacks AVX2");
        Agree(32, default, asm =>
        {
            asm.Push(Gp.Rbx);
            asm.Set(Gp.Rbx, -3);
            asm.Set(Gp.R11, 5);
            int loop = asm.Here;
            asm.Add(Gp.Rbx, 128);
            asm.Add(Gp.Rbx, Gp.R11);
            asm.Loop(Gp.R11, loop);
            asm.Push(Gp.Rbx);
            asm.Pop(Gp.R10);
            asm.Pop(Gp.Rbx);
            asm.Add(Gp.R10, -(5 * 128 + 15 - 3) + 16); // 16, if all of that was right
            asm.Add(Gp.R10, s_argument);
            asm.Op(VectorOp.Load, A, new Mem(Gp.R10, -16));
        });
    }

    [Fact]
    public void Touching_memory_that_was_not_handed_over_is_an_error()
    {
        byte[] memory = GC.AllocateArray<byte>(64, pinned: true);
        fixed (byte* start = memory)
        {
            byte* place = start;
            Assert.Throws<InvalidOperationException>(() => Call(asm => asm.Op(VectorOp.Load, A, new Mem(Gp.Rdi, 1)), new EmulatedMemory().Readable(place, 32), place));
            Assert.Throws<InvalidOperationException>(() => Call(asm => asm.Op(VectorOp.Load, A, new Mem(Gp.Rdi, -1)), new EmulatedMemory().Readable(place, 64), place));
            Assert.Throws<InvalidOperationException>(() => Call(asm => asm.Op(VectorOp.Load, A, new Mem(Gp.Rdi, 0)), new EmulatedMemory().Readable(place + 16, 16).Readable(place, 16), place));
            Assert.Throws<InvalidOperationException>(() => Call(asm => asm.Op(VectorOp.Store, A, new Mem(Gp.Rdi, 0)), new EmulatedMemory().Readable(place, 64), place));
            Call(asm => asm.Op(VectorOp.Load, A, new Mem(Gp.Rdi, 0)), new EmulatedMemory().Readable(place + 32, 16).Readable(place, 32), place);
        }
    }

    [Fact]
    public void Code_that_breaks_the_calling_convention_is_an_error()
    {
        Assert.Throws<InvalidOperationException>(() => Call(asm => asm.Set(Gp.Rbx, 1)));
        Assert.Throws<InvalidOperationException>(() => Call(asm => asm.Push(Gp.Rax)));
        var withoutZeroUpper = new X64Assembler(64);
        withoutZeroUpper.Broadcast(A, 1, Gp.Rax);
        withoutZeroUpper.Return();
        Assert.Throws<InvalidOperationException>(() => new Emulator(withoutZeroUpper.ToArray()).Call(null, new(), new(1)));
    }

    [Fact]
    public void Code_for_windows_that_loses_a_vector_or_its_argument_is_an_error()
    {
        byte[] code = Assembled(32, asm => asm.Op(VectorOp.Xor, 6, 6, 6));
        new Emulator(code).Call(null, new(), new(1));
        Assert.Throws<InvalidOperationException>(() => new Emulator(code).Call(null, new(), new(1), windows: true));
        Assert.Throws<InvalidOperationException>(() => new Emulator(Assembled(32, asm => asm.Set(Gp.Rsi, 1))).Call(null, new(), new(1), windows: true));
        Assert.Throws<InvalidOperationException>(() => new Emulator(Assembled(32, asm => asm.Load(Gp.Rax, new Mem(Gp.Rdi, 0)))).Call(null, new(), new(1), windows: true));
    }

    /// <summary>By hand, from the manual: the upper products first, a rounding after each, no numbers below the normal ones.</summary>
    [Fact]
    public void Pairs_of_bf16_are_multiplied_as_the_manual_says()
    {
        Assert.Equal(Bits(1f), Emulator.PairProduct(Bits(0f), Pair(1, 0), Pair(1, 5)));
        Assert.Equal(Bits(23f), Emulator.PairProduct(Bits(2f), Pair(3, 2), Pair(5, 3)));
        const float tie = 1 << 24; // tie + 1 is rounded to tie: 1 is lost where the upper product comes first, and would not be if the lower one did, or if both were added at once
        Assert.Equal(Bits(0f), Emulator.PairProduct(Bits(1f), Pair(-tie, tie), Pair(1, 1)));
        Assert.Equal(Bits(0f), Emulator.PairProduct(Bits(1e-39f), Pair(1e-39f, 1), Pair(1, 1e-39f)));
    }

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static uint Pair(float low, float high) => Bits(low) >> 16 | (Bits(high) & 0xFFFF0000);

    [Fact]
    public void Tiles_without_a_shape_or_left_behind_are_an_error()
    {
        Assert.Throws<InvalidOperationException>(() => Call(asm => asm.ZeroTile(0)));
        Assert.Throws<InvalidOperationException>(() => CallWithTiles(configuration => { }, asm => { }));
        Assert.Throws<InvalidOperationException>(() => CallWithTiles(configuration => configuration[0] = 2, asm => asm.ReleaseTiles()));
        Assert.Throws<InvalidOperationException>(() => CallWithTiles(configuration => configuration[5] = 1, asm => asm.ReleaseTiles()));
        Assert.Throws<InvalidOperationException>(() => CallWithTiles(configuration => configuration[48] = 17, asm => asm.ReleaseTiles()));
        Assert.Throws<InvalidOperationException>(() => CallWithTiles(configuration => configuration[49] = 3, asm => Multiply(asm)));
        CallWithTiles(configuration => { }, asm => Multiply(asm));

        static void Multiply(X64Assembler asm)
        {
            asm.DotTiles(0, 1, 2);
            asm.ReleaseTiles();
        }
    }

    /// <summary>Runs code with tiles 0 [2 rows, 4 lanes], 1 [2, 8 bytes], 2 [2, 4 lanes].</summary>
    private static void CallWithTiles(Action<byte[]> change, Action<X64Assembler> body)
    {
        byte[] configuration = GC.AllocateArray<byte>(64, pinned: true);
        (configuration[0], configuration[16], configuration[18], configuration[20]) = (1, 16, 8, 16);
        configuration.AsSpan(48, 3).Fill(2);
        change(configuration);
        fixed (byte* place = configuration)
        {
            Call(asm =>
            {
                asm.ConfigureTiles(new(Gp.Rdi, 0));
                body(asm);
            }, new EmulatedMemory().Readable(place, 64), place);
        }
    }

    [Fact]
    public void An_instruction_that_the_emulator_does_not_know_is_named()
    {
        byte[] code = [0x90, 0xC3]; // nop, ret
        Assert.Contains("nop", Assert.Throws<NotSupportedException>(() => new Emulator(code).Call(null, new(), new(1))).Message);
    }

    private static void Call(Action<X64Assembler> body, EmulatedMemory? memory = null, void* argument = null) => new Emulator(Assembled(32, body)).Call(argument, memory ?? new(), new(1));

    /// <summary>A function that returns after the body, with the upper halves cleared.</summary>
    /// <param name="frame">It also saves what belongs to its caller, as this system has it.</param>
    private static byte[] Assembled(int vectorBytes, Action<X64Assembler> body, bool frame = false)
    {
        var asm = new X64Assembler(vectorBytes);
        var kernel = new KernelFrame(asm, frame ? Abi.OfThisSystem : Abi.SystemV, [], frame ? 16 : 0);
        kernel.Enter();
        body(asm);
        kernel.Return();
        return asm.ToArray();
    }

    /// <summary>Loads three registers, runs the body, stores the first of them; 12 bytes further on lies what the body reads from memory.</summary>
    private static void Agree(int vectorBytes, VectorOp op, Action<X64Assembler> body)
    {
        byte[] code = Assembled(vectorBytes, asm =>
        {
            foreach ((int register, int place) in ((int, int)[])[(A, 0), (B, 1), (C, 2)]) asm.Op(VectorOp.Load, register, new Mem(s_argument, place * vectorBytes));
            body(asm);
            asm.Op(VectorOp.Store, A, new Mem(s_argument, 3 * vectorBytes));
        }, frame: true);
        using var executable = new ExecutableMemory();
        void* function = executable.TryAdd(code);
        Assert.SkipWhen(function == null, "this system denies executable pages");
        var emulator = new Emulator(code);
        var random = new Random(4);
        bool floats = s_floats.Contains(op);
        byte[] expected = new byte[4 * vectorBytes], actual = new byte[expected.Length];
        for (int round = 0; round < Rounds; round++)
        {
            Fill(expected.AsSpan(0, 3 * vectorBytes), random);
            expected.CopyTo(actual, 0);
            fixed (byte* e = expected, a = actual)
            {
                ((delegate* unmanaged<byte*, void>)function)(e);
                emulator.Call(a, new EmulatedMemory().Writable(a, actual.Length), random, OperatingSystem.IsWindows());
                for (int lane = 0; lane < expected.Length / sizeof(float); lane++)
                {
                    if (floats && float.IsNaN(((float*)e)[lane]) && float.IsNaN(((float*)a)[lane])) continue; // which NaN doesn't matter
                    if (((uint*)e)[lane] != ((uint*)a)[lane]) Assert.Fail($"{op}: lane {lane} is {((uint*)a)[lane]:x8}; the processor says {((uint*)e)[lane]:x8}");
                }
            }
        }
    }

    /// <summary>Random bits, among them the ends of the bytes, words and floats.</summary>
    private static void Fill(Span<byte> bytes, Random random)
    {
        random.NextBytes(bytes);
        ReadOnlySpan<uint> ends = [0, 0x80808080, 0x7F7F7F7F, 0xFFFFFFFF, 0x80008000, 0x7FFF7FFF, 0x80000000, 0x7FFFFFFF, 0x7F800000, 0x00000001, 0x03FF83FF, 0x7C00FC00, 0x7C017E01, 0x3F800000];
        for (int i = 0; i < bytes.Length; i += sizeof(uint))
        {
            if (random.Next(2) == 0) BitConverter.TryWriteBytes(bytes[i..], ends[random.Next(ends.Length)]);
        }
    }
}
