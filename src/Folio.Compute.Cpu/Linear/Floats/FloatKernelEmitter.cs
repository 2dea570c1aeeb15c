using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the register tile of fp32, fp16 and bf16 weights: sums[r] += Σ x[r, k] · w[k], each output one chain over k ascending.</summary>
/// <remarks>
/// fp32 activations: a chain of multiply-adds, with the bits of <see cref="PanelKernels{TSimd, TV, TDecoder}"/>. A word of two bf16 weights is taken apart by a shift and a mask: they are the high halves
/// of fp32 numbers. One of two fp16 weights by shifts and a mask that bring sign, exponent and fraction to their places, and a multiplication that mends the exponent's bias (<see cref="Half{TSimd, TV}"/>);
/// vcvtph2ps wants the weights of one input side by side, and shuffling them so takes as many instructions.
/// Pairs of bf16: a chain of vdpbf16ps, whose rounding within is the processor's.
/// Bound: many rows by the multiply-add units (2 of 4 pipes; the shifts go to the others), few by reading.
/// </remarks>
internal sealed class FloatKernelEmitter
{
    private const Gp Words = Gp.Rax, X = Gp.Rcx, Sums = Gp.Rdx, Steps = Gp.R8;
    private static readonly Gp[] s_fields = [Words, X, Sums, Steps];

    private readonly X64Assembler _asm;
    private readonly KernelFrame _frame;
    private readonly FloatKernel _kernel;
    private readonly int _rows, _vectors;
    private readonly int _w, _t, _mask, _bias; // registers behind the sums

    private FloatKernelEmitter(in FloatKernel kernel, Abi abi, int rows)
    {
        _asm = new(kernel.Wide ? 64 : 32);
        (_kernel, _rows, _vectors) = (kernel, rows, kernel.Vectors(rows));
        _w = rows * _vectors;
        _t = _w + _vectors;
        (_mask, _bias) = (_t + 1, _t + 2);
        _frame = new(_asm, abi, s_fields, _t + (IsF16 ? 3 : IsBF16 ? 2 : 1));
    }

    private bool IsF16 => _kernel.Type == DType.F16;

    /// <summary>To be taken apart.</summary>
    private bool IsBF16 => _kernel.Type == DType.BF16 && !_kernel.Pairs;

    /// <returns>A function of one pointer to a <see cref="FloatTile"/>.</returns>
    public static byte[] Emit(in FloatKernel kernel, Abi abi, int rows) => kernel.Tiles ? new PairTileEmitter(kernel, abi, rows).Emit() : new FloatKernelEmitter(kernel, abi, rows).Emit();

    private byte[] Emit()
    {
        _frame.Enter();
        if (IsBF16) _asm.Broadcast(_mask, 0xFFFF0000, scratch: Gp.Rax);
        if (IsF16) _asm.Broadcast(_mask, 0x8FFFE000, scratch: Gp.Rax);
        if (IsF16) _asm.Broadcast(_bias, (127 + 127 - 15) << 23, scratch: Gp.Rax); // 2^(127 − 15)
        _frame.LoadFields(s_fields);
        ForSums(VectorOp.Load);

        int step = _asm.Here;
        for (int value = 0; value < _kernel.StepValues; value++) EmitValue(value);
        _asm.Add(Words, _kernel.StepBytes);
        _asm.Add(X, _kernel.StepValues * _rows * sizeof(float));
        _asm.Loop(Steps, step);

        ForSums(VectorOp.Store);
        _frame.Return();
        return _asm.ToArray();
    }

    /// <summary>One value of each row times the weights of its input, or of its two.</summary>
    private void EmitValue(int value)
    {
        int perWord = IsBF16 || IsF16 ? 2 : 1;
        (int word, int half) = Math.DivRem(value, perWord);
        for (int v = 0; v < _vectors; v++)
        {
            var weights = new Mem(Words, word * Panel.WordBytes + v * _asm.VectorBytes);
            if (half == 0 && v * _asm.VectorBytes % 64 == 0) _asm.Prefetch(weights with { Offset = weights.Offset + Panel.Ahead });
            EmitWeights(_w + v, weights, half);
        }

        for (int r = 0; r < _rows; r++)
        {
            _asm.Op(VectorOp.BroadcastSingle, _t, new Mem(X, (value * _rows + r) * sizeof(float)));
            for (int v = 0; v < _vectors; v++) _asm.Op(_kernel.Pairs ? VectorOp.DotPairs : VectorOp.MultiplyAdd231, r * _vectors + v, _w + v, _t);
        }
    }

    /// <param name="half">Which weight of a word: the low one is the first.</param>
    private void EmitWeights(int to, Mem weights, int half)
    {
        if (IsBF16 && half == 1)
        {
            _asm.Op(VectorOp.And, to, _mask, weights);
            return;
        }

        _asm.Op(VectorOp.Load, to, weights);
        if ((IsBF16 || IsF16) && half == 0) _asm.ShiftLeft(to, to, 16);
        if (!IsF16) return;
        _asm.ShiftRightSigned(to, to, 3);
        _asm.Op(VectorOp.And, to, to, _mask);
        _asm.Op(VectorOp.Multiply, to, to, _bias);
    }

    private void ForSums(VectorOp op)
    {
        for (int r = 0; r < _rows; r++)
        {
            for (int v = 0; v < _vectors; v++) _asm.Op(op, r * _vectors + v, new Mem(Sums, r * Panel.Lanes * sizeof(float) + v * _asm.VectorBytes));
        }
    }
}
