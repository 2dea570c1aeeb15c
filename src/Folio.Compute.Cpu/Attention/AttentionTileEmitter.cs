using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu;

/// <summary>Emits the register tile of attention: sums[r] += Σ x[r, k] · w[k] over two vectors of columns at a time, one chain of multiply-adds over k ascending.</summary>
/// <remarks>
/// Scores: x are query vectors, w keys, k channels, columns tokens. Values: x are weights, w values, k tokens, columns channels. The bits are those of <see cref="PortableAttentionTile"/>.
/// Bound: the multiply-add units: for twelve of them two loads of w and six broadcasts.
/// </remarks>
internal sealed class AttentionTileEmitter
{
    private const Gp W = Gp.Rax, X = Gp.R10, Sums = Gp.Rdx, Steps = Gp.R11, Columns = Gp.R8, Tiles = Gp.R9; // no caller wants these back
    private const int Vectors = 2;

    private readonly X64Assembler _asm;
    private readonly KernelFrame _frame;
    private readonly Gp _arguments;
    private readonly int _rows, _w, _t;

    private AttentionTileEmitter(bool wide, Abi abi, int rows)
    {
        _asm = new(wide ? 64 : 32);
        (_rows, _w, _t) = (rows, rows * Vectors, rows * Vectors + Vectors);
        (_frame, _arguments) = (new(_asm, abi, used: [], vectors: _t + 1), abi.Argument);
    }

    /// <summary>Most rows of a tile: 16 or 32 registers hold the sums, a vector pair of w and one number of x.</summary>
    public static int MaxRows(bool wide) => wide ? 12 : 6;

    /// <param name="wide">512-bit vectors, else 256.</param>
    /// <param name="unroll">Steps must be a multiple of it.</param>
    /// <returns>A function of one pointer to an <see cref="AttentionTileArguments"/>.</returns>
    public static byte[] Emit(bool wide, Abi abi, int rows, in AttentionStrides strides, int unroll) => new AttentionTileEmitter(wide, abi, rows).Emit(strides, unroll);

    private byte[] Emit(in AttentionStrides strides, int unroll)
    {
        _frame.Enter();
        _asm.Load(Columns, Field(0));
        _asm.Load(Sums, Field(2));
        _asm.Load(Tiles, Field(4));

        int tile = _asm.Here;
        _asm.Set(W, 0);
        _asm.Add(W, Columns);
        _asm.Load(X, Field(1));
        _asm.Load(Steps, Field(3));
        if (!strides.Fresh) ForSums(VectorOp.Load, strides);
        for (int sum = 0; strides.Fresh && sum < _w; sum++) _asm.Op(VectorOp.Xor, sum, sum, sum);

        int step = _asm.Here;
        for (int k = 0; k < unroll; k++) EmitStep(strides, k);
        _asm.Add(W, unroll * strides.W);
        _asm.Add(X, unroll * sizeof(float));
        _asm.Loop(Steps, step);

        ForSums(VectorOp.Store, strides);
        _asm.Add(Columns, Vectors * _asm.VectorBytes);
        _asm.Add(Sums, Vectors * _asm.VectorBytes);
        _asm.Loop(Tiles, tile);
        _frame.Return();
        return _asm.ToArray();
    }

    private Mem Field(int index) => new(_arguments, index * sizeof(long));

    private void EmitStep(in AttentionStrides strides, int k)
    {
        for (int v = 0; v < Vectors; v++) _asm.Op(VectorOp.Load, _w + v, new Mem(W, k * strides.W + v * _asm.VectorBytes));
        for (int r = 0; r < _rows; r++)
        {
            _asm.Op(VectorOp.BroadcastSingle, _t, new Mem(X, r * strides.X + k * sizeof(float)));
            for (int v = 0; v < Vectors; v++) _asm.Op(VectorOp.MultiplyAdd231, r * Vectors + v, _w + v, _t);
        }
    }

    private void ForSums(VectorOp op, in AttentionStrides strides)
    {
        for (int r = 0; r < _rows; r++)
        {
            for (int v = 0; v < Vectors; v++) _asm.Op(op, r * Vectors + v, new Mem(Sums, r * strides.Sums + v * _asm.VectorBytes));
        }
    }
}
