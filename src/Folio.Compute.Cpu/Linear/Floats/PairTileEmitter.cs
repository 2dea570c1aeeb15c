using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the product of up to 16 rows with a panel's 32 outputs on AMX: bf16 by bf16, 32 inputs at a time.</summary>
/// <remarks>
/// A panel's words are a tile as they lie: 16 pairs of inputs by 16 outputs. Each output is a chain over the steps; within one, even and odd inputs are summed apart and rounded as the processor does it
/// (Intel's manual: multiply-adds, numbers below the normal ones taken as zeros). So bits are the same for every number of rows as long as no other instruction is used for some: one row takes tiles too.
/// Bound: many rows by the multiplier (16 cycles a product of tiles, beside 24 of loads for two), few by reading.
/// </remarks>
internal sealed class PairTileEmitter
{
    private const int Vectors = 2, RowBytes = 64, Activations = 2, Weights = 3; // tiles; from 0 on those of sums, one for 16 outputs
    private const Gp Words = Gp.Rax, X = Gp.Rcx, Sums = Gp.Rdx, Steps = Gp.R8, Stride = Gp.R9; // the latter 64: a row of activations, half a row of a panel or of sums
    private static readonly Gp[] s_fields = [Words, X, Sums, Steps];

    private readonly X64Assembler _asm = new(64);
    private readonly KernelFrame _frame;
    private readonly FloatKernel _kernel;
    private readonly int _rows;

    public PairTileEmitter(in FloatKernel kernel, Abi abi, int rows)
    {
        (_kernel, _rows) = (kernel, rows);
        _frame = new(_asm, abi, [.. s_fields, Stride], vectors: 0, TileShapes.Bytes);
    }

    /// <returns>A function of one pointer to a <see cref="FloatTile"/>.</returns>
    public byte[] Emit()
    {
        (int, int) sums = (_rows, RowBytes), weights = (_kernel.StepValues, RowBytes);
        _frame.Enter();
        TileShapes.Emit(_asm, sums, sums, (_rows, RowBytes), weights, weights);
        _frame.LoadFields(s_fields);
        _asm.Set(Stride, RowBytes);
        for (int v = 0; v < Vectors; v++) _asm.LoadTile(v, new(Sums, v * RowBytes), Stride, Panel.WordBytes / RowBytes);

        int step = _asm.Here;
        for (int offset = 0; offset < _kernel.StepBytes; offset += RowBytes) _asm.Prefetch(new(Words, offset + Panel.Ahead));
        _asm.LoadTile(Activations, new(X, 0), Stride, 1);
        for (int v = 0; v < Vectors; v++)
        {
            _asm.LoadTile(Weights + v, new(Words, v * RowBytes), Stride, Panel.WordBytes / RowBytes);
            _asm.DotPairTiles(v, Activations, Weights + v);
        }

        _asm.Add(Words, _kernel.StepBytes);
        _asm.Add(X, _kernel.StepValues * _rows * sizeof(float));
        _asm.Loop(Steps, step);

        for (int v = 0; v < Vectors; v++) _asm.StoreTile(v, new(Sums, v * RowBytes), Stride, Panel.WordBytes / RowBytes);
        _asm.ReleaseTiles();
        _frame.Return();
        return _asm.ToArray();
    }
}
