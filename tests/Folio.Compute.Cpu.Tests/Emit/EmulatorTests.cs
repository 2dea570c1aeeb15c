using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>The emulator beside the processor itself, one instruction at a time, for the levels that this processor has.</summary>
public sealed unsafe class EmulatorTests
{
    private const int Rounds = 100, A = 13, B = 2, C = 9;

    private static readonly VectorOp[] s_floats = [VectorOp.Multiply, VectorOp.MultiplyAdd213, VectorOp.MultiplyAdd231];
    private static readonly VectorOp[] s_unary = [VectorOp.Load, VectorOp.ToSingle, VectorOp.HalfToSingle, VectorOp.BytesToInts, VectorOp.Abs, VectorOp.BroadcastInt, VectorOp.BroadcastSingle];
    private static readonly VectorOp[] s_binary = [VectorOp.And, VectorOp.Xor, VectorOp.MultiplyAddWords, VectorOp.AddWords, VectorOp.AddInts, VectorOp.MultiplyAddBytes, .. s_floats];

    [Theory, InlineData(CpuIsa.Avx2), InlineData(CpuIsa.AvxVnni), InlineData(CpuIsa.Avx512), InlineData(CpuIsa.Avx512Vnni)]
    public void Each_instruction_gives_the_bits_of_this_processor(CpuIsa level)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && level.IsSupported(), $"this processor or system lacks {level}");
        int vectorBytes = level >= CpuIsa.Avx512 ? 64 : 32;
        foreach (VectorOp op in s_unary)
        {
            Agree(vectorBytes, op, asm => asm.Op(op, A, C));
            Agree(vectorBytes, op, asm => asm.Op(op, A, new Mem(Gp.Rdi, 12)));
        }

        VectorOp[] binary = [.. s_binary, .. vectorBytes == 32 ? [VectorOp.Sign] : (VectorOp[])[], .. level is CpuIsa.AvxVnni or CpuIsa.Avx512Vnni ? [VectorOp.DotBytes] : (VectorOp[])[]];
        foreach (VectorOp op in binary)
        {
            Agree(vectorBytes, op, asm => asm.Op(op, A, B, C));
            Agree(vectorBytes, op, asm => asm.Op(op, A, B, new Mem(Gp.Rdi, 12)));
        }

        if (level == CpuIsa.Avx512Vnni) Agree(vectorBytes, VectorOp.DotBytes, asm => asm.Op(VectorOp.DotBytes, A, B, new Mem(Gp.Rdi, 12, Broadcast: true)));
        foreach (byte bits in (byte[])[0, 4, 31, 32, 255]) Agree(vectorBytes, default, asm => asm.ShiftRight(A, C, bits));
        foreach (byte bits in (byte[])[0, 16, 31, 32, 255]) Agree(vectorBytes, default, asm => asm.ShiftLeft(A, C, bits));
        Agree(vectorBytes, default, asm => asm.Broadcast(A, 0x81020304, Gp.Rcx));
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
            asm.Pop(Gp.Rcx);
            asm.Pop(Gp.Rbx);
            asm.Add(Gp.Rcx, -(5 * 128 + 15 - 3) + 16); // 16, if all of that was right
            asm.Add(Gp.Rcx, Gp.Rdi);
            asm.Op(VectorOp.Load, A, new Mem(Gp.Rcx, -16));
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
    public void An_instruction_that_the_emulator_does_not_know_is_named()
    {
        byte[] code = [0x90, 0xC3]; // nop, ret
        Assert.Contains("nop", Assert.Throws<NotSupportedException>(() => new Emulator(code).Call(null, new(), new(1))).Message);
    }

    private static void Call(Action<X64Assembler> body, EmulatedMemory? memory = null, void* argument = null) => new Emulator(Assembled(32, body)).Call(argument, memory ?? new(), new(1));

    /// <summary>A function that returns after the body, with the upper halves cleared.</summary>
    private static byte[] Assembled(int vectorBytes, Action<X64Assembler> body)
    {
        var asm = new X64Assembler(vectorBytes);
        body(asm);
        asm.ZeroUpper();
        asm.Return();
        return asm.ToArray();
    }

    /// <summary>Loads three registers, runs the body, stores the first of them; 12 bytes further on lies what the body reads from memory.</summary>
    private static void Agree(int vectorBytes, VectorOp op, Action<X64Assembler> body)
    {
        byte[] code = Assembled(vectorBytes, asm =>
        {
            foreach ((int register, int place) in ((int, int)[])[(A, 0), (B, 1), (C, 2)]) asm.Op(VectorOp.Load, register, new Mem(Gp.Rdi, place * vectorBytes));
            body(asm);
            asm.Op(VectorOp.Store, A, new Mem(Gp.Rdi, 3 * vectorBytes));
        });
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
                emulator.Call(a, new EmulatedMemory().Writable(a, actual.Length), random);
                for (int lane = 0; lane < expected.Length / sizeof(float); lane++)
                {
                    if (floats && float.IsNaN(((float*)e)[lane]) && float.IsNaN(((float*)a)[lane])) continue; // which NaN doesn't matter
                    if (((uint*)e)[lane] != ((uint*)a)[lane]) Assert.Fail($"{Emulator.Decode(code)[3]}: lane {lane} is {((uint*)a)[lane]:x8}; the processor says {((uint*)e)[lane]:x8}");
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
