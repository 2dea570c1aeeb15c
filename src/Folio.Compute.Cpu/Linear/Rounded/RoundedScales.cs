using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the scales of a vector of outputs: exact products of an fp16 number and, where the type has them, a small factor.</summary>
internal static class RoundedScales
{
    /// <param name="to">Receives the scales.</param>
    /// <param name="scratch">Another vector register, overwritten.</param>
    /// <param name="vector">Which vector of the outputs at <paramref name="scales"/>.</param>
    public static void Emit(X64Assembler asm, in RoundedPanel panel, Gp scales, Gp factors, int to, int scratch, int vector) => Emit(asm, panel.HasFactors, new(scales, 0), new(factors, 0), to, scratch, vector);

    /// <summary>The same for the minima.</summary>
    public static void EmitMin(X64Assembler asm, in RoundedPanel panel, Gp scales, Gp factors, int to, int scratch, int vector) =>
        Emit(asm, panel.HasFactors, new(scales, panel.MinsOffset), new(factors, panel.MinFactorsOffset - panel.FactorsOffset), to, scratch, vector);

    private static void Emit(X64Assembler asm, bool hasFactors, Mem scales, Mem factors, int to, int scratch, int vector)
    {
        int lanes = asm.VectorBytes / sizeof(uint);
        asm.Op(VectorOp.HalfToSingle, to, scales with { Offset = scales.Offset + vector * lanes * sizeof(ushort) });
        if (!hasFactors) return;
        asm.Op(VectorOp.BytesToInts, scratch, factors with { Offset = factors.Offset + vector * lanes });
        asm.Op(VectorOp.ToSingle, scratch, scratch);
        asm.Op(VectorOp.Multiply, to, to, scratch);
    }
}
