using Folio.Compute.Cpu;
using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Bench;

/// <summary>What is multiplied.</summary>
internal enum ProductKind
{
    /// <summary>Full-range int8 with int8.</summary>
    Bytes,

    /// <summary>4-bit codes with int8.</summary>
    Nibbles,

    /// <summary>Pairs of bf16.</summary>
    Pairs,
}

/// <summary>Loops of nothing but the instructions that multiply, emitted for this processor: .NET has no classes for some of them.</summary>
/// <remarks>Of vectors: products in AMX's tiles exceed them.</remarks>
internal static unsafe class ProductChains
{
    private const int Chains = 8, X = 15, W = 14, Ones = 13, Temporary = Chains;
    private const int Temporaries = Ones - Temporary;

    /// <returns>10⁹ operations a second, all threads together; null: the kernels have no such instructions here.</returns>
    public static double? Gops(ProductKind kind, int threads)
    {
        const long steps = 1_000_000;
        CpuIsa isa = CpuIsas.FromEnvironment();
        DotIsa[] dots = [.. isa.Dots().Where(dot => dot != DotIsa.Amx)];
        if (kind == ProductKind.Pairs ? isa < CpuIsa.Avx512Bf16 : dots.Length == 0) return null;
        using var memory = new ExecutableMemory();
        bool wide = kind == ProductKind.Pairs || dots[0] == DotIsa.Avx512Vnni;
        void* code = memory.TryAdd(Emit(kind, dots[0], wide ? 64 : 32));
        if (code == null) return null;
        double seconds = MachineLimits.Best(threads, () =>
        {
            long counter = steps;
            ((delegate* unmanaged<void*, void>)code)(&counter);
        });
        int products = (wide ? 64 : 32) / (kind == ProductKind.Pairs ? 2 : 1);
        return threads * 2.0 * steps * Chains * products / seconds / 1e9;
    }

    private static byte[] Emit(ProductKind kind, DotIsa dot, int vectorBytes)
    {
        var asm = new X64Assembler(vectorBytes);
        var frame = new KernelFrame(asm, Abi.OfThisSystem, [Gp.Rax], 16);
        frame.Enter();
        frame.LoadFields([Gp.Rax]);
        for (int register = 0; register < 16; register++) asm.Broadcast(register, register == Ones ? 0x00010001u : 0, scratch: Gp.Rdx);
        int loop = asm.Here;
        for (int chain = 0; chain < Chains; chain++)
        {
            int t = Temporary + chain % Temporaries;
            if (kind == ProductKind.Pairs) asm.Op(VectorOp.DotPairs, chain, W, X);
            else if (dot != DotIsa.Avx2) asm.Op(VectorOp.DotBytes, chain, W, X);
            else if (kind == ProductKind.Nibbles)
            {
                asm.Op(VectorOp.MultiplyAddBytes, t, W, X);
                asm.Op(VectorOp.AddWords, chain, chain, t);
            }
            else
            {
                asm.Op(VectorOp.Sign, t, X, W);
                asm.Op(VectorOp.MultiplyAddBytes, t, W, t);
                asm.Op(VectorOp.MultiplyAddWords, t, t, Ones);
                asm.Op(VectorOp.AddInts, chain, chain, t);
            }
        }

        asm.Loop(Gp.Rax, loop);
        frame.Return();
        return asm.ToArray();
    }
}
