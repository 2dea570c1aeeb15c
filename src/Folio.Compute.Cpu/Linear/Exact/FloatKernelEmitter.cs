using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the register tile of exact activations for weights of fp32 and bf16: sums[r] += Σ x[r, k] · w[k], each output one chain of multiply-adds over k ascending.</summary>
/// <remarks>
/// The bits are those of <see cref="PanelKernels{TSimd, TV, TDecoder}"/>. bf16 weights are the high halves of fp32 numbers: a shift and a mask of a word give two.
/// Bound: many rows by the multiply-add units (2 of 4 pipes; the shifts go to the others), few by reading.
/// </remarks>
internal sealed class FloatKernelEmitter
{
    private const Gp Words = Gp.Rax, X = Gp.Rcx, Sums = Gp.Rdx, Steps = Gp.Rsi;

    private readonly X64Assembler _asm;
    private readonly int _rows, _vectors, _w, _t, _mask;
    private readonly bool _half;

    private FloatKernelEmitter(bool half, bool wide, int rows, int vectors)
    {
        _asm = new(wide ? 64 : 32);
        (_half, _rows, _vectors, _w) = (half, rows, vectors, rows * vectors);
        _t = _w + vectors;
        _mask = _t + 1;
    }

    /// <summary>Most rows of a tile: 16 or 32 registers hold the sums, a vector's weights, one of activations and a mask.</summary>
    public static int MaxRows(bool wide) => wide ? 12 : 6;

    /// <summary>Vectors of outputs of a tile of so many rows.</summary>
    public static int Vectors(bool wide, int rows) => !wide && rows <= 2 ? 4 : 2;

    /// <param name="half">The weights are bf16, else fp32.</param>
    /// <param name="wide">512-bit vectors, else 256.</param>
    /// <returns>A function of one pointer to a <see cref="FloatTile"/> (System V calling convention).</returns>
    public static byte[] Emit(bool half, bool wide, int rows) => new FloatKernelEmitter(half, wide, rows, Vectors(wide, rows)).Emit();

    private byte[] Emit()
    {
        Gp[] fields = [Words, X, Sums, Steps];
        for (int i = 0; i < fields.Length; i++) _asm.Load(fields[i], new(Gp.Rdi, i * sizeof(long)));
        if (_half) _asm.Broadcast(_mask, 0xFFFF0000, scratch: Gp.Rdi);
        ForSums(VectorOp.Load);

        int step = _asm.Here;
        for (int k = 0; k < FloatTile.Step; k++) EmitInput(k);
        _asm.Add(Words, FloatTile.Step / (_half ? 2 : 1) * Panel.WordBytes);
        _asm.Add(X, FloatTile.Step * _rows * sizeof(float));
        _asm.Loop(Steps, step);

        ForSums(VectorOp.Store);
        _asm.ZeroUpper();
        _asm.Return();
        return _asm.ToArray();
    }

    private void EmitInput(int k)
    {
        int word = _half ? k / 2 : k;
        for (int v = 0; v < _vectors; v++)
        {
            var weights = new Mem(Words, word * Panel.WordBytes + v * _asm.VectorBytes);
            if ((!_half || k % 2 == 0) && v * _asm.VectorBytes % 64 == 0) _asm.Prefetch(weights with { Offset = weights.Offset + Panel.Ahead });
            if (_half && k % 2 == 1)
            {
                _asm.Op(VectorOp.And, _w + v, _mask, weights);
                continue;
            }

            _asm.Op(VectorOp.Load, _w + v, weights);
            if (_half) _asm.ShiftLeft(_w + v, _w + v, 16);
        }

        for (int r = 0; r < _rows; r++)
        {
            _asm.Op(VectorOp.BroadcastSingle, _t, new Mem(X, (k * _rows + r) * sizeof(float)));
            for (int v = 0; v < _vectors; v++) _asm.Op(VectorOp.MultiplyAdd231, r * _vectors + v, _w + v, _t);
        }
    }

    private void ForSums(VectorOp op)
    {
        for (int r = 0; r < _rows; r++)
        {
            for (int v = 0; v < _vectors; v++) _asm.Op(op, r * _vectors + v, new Mem(Sums, r * Panel.Lanes * sizeof(float) + v * _asm.VectorBytes));
        }
    }
}
