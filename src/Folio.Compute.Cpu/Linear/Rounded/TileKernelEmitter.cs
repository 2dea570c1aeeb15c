using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emits the register tile of rounded activations on AMX: 8 to 16 rows times a panel's 32 outputs, with the bits of <see cref="RoundedKernelEmitter"/>.</summary>
/// <remarks>
/// A group's integer sums are one product of tiles for each 16 outputs: activations [rows, inputs] by codes [inputs / 4, 16, 4], which is how a panel holds 8-bit codes; smaller ones are first spread out
/// beside the stack. The sums go through memory to vectors, where they are scaled and added as at the other levels.
/// Bound: the scaling, four vector instructions for 16 sums, beside 16 cycles of the tiles' multiplier for up to 256.
/// </remarks>
internal sealed class TileKernelEmitter
{
    /// <summary>Fewer rows are left to vpdpbusd: a product of tiles takes as long for few as for many.</summary>
    public const int MinRows = 8;

    public const int MaxRows = 16;

    private const int Vectors = 2, RowBytes = 64, SumsBytes = MaxRows * RowBytes, CodesBytes = RoundedPanel.UnitInputs / 4 * RowBytes; // of a vector
    private const int Activations = 2, Codes = 3; // tiles; from 0 on those of sums, one a vector
    private const int W = 0, W2 = 1, T = 2, Mask = 3, Sum = 4; // vectors

    private const Gp Scales = Gp.Rax, Words = Gp.Rdi, Factors = Gp.Rbx, X = Gp.Rcx, XScales = Gp.Rdx, Corrections = Gp.Rsi, Sums = Gp.R8, XStride = Gp.R9, ScalesStride = Gp.R10, Blocks = Gp.R11;
    private const Gp Units = Gp.R12, Stride = Gp.R13; // the latter 32: a row of activations, half a row of a tile, a quarter of a word of a panel
    private static readonly Gp[] s_fields = [Scales, Words, Factors, X, XScales, Corrections, Sums, XStride, ScalesStride, Blocks];

    private readonly X64Assembler _asm = new(64);
    private readonly KernelFrame _frame;
    private readonly RoundedPanel _panel;
    private readonly int _rows;

    public TileKernelEmitter(in RoundedPanel panel, Abi abi, int rows)
    {
        (_panel, _rows) = (panel, rows);
        _frame = new(_asm, abi, [.. s_fields, Units, Stride], Sum + 1, localBytes: Vectors * (SumsBytes + CodesBytes));
    }

    /// <returns>A function of one pointer to a <see cref="RoundedTile"/>.</returns>
    public byte[] Emit()
    {
        _frame.Enter();
        (int, int) sums = (_rows, RowBytes), codes = (_panel.GroupInputs / 4, RowBytes);
        TileShapes.Emit(_asm, sums, sums, (_rows, _panel.GroupInputs), codes, codes);
        if (_panel.Bits < 8) _asm.Broadcast(Mask, _panel.CodeMask, scratch: Gp.Rax);
        _frame.LoadFields(s_fields);
        _asm.Set(Stride, RoundedPanel.UnitInputs);

        int block = _asm.Here;
        if (_panel.Units > 1) _asm.Set(Units, _panel.Units);
        int unit = _asm.Here;
        for (int group = 0; group < _panel.Groups; group++) EmitGroup(group);
        _asm.Add(Words, _panel.UnitBytes);
        _asm.Add(X, XStride);
        _asm.Add(XScales, ScalesStride);
        if (_panel.Units > 1) _asm.Loop(Units, unit);
        _asm.Add(Scales, _panel.BlockBytes);
        _asm.Add(Words, _panel.BlockBytes - _panel.Units * _panel.UnitBytes);
        if (_panel.HasFactors) _asm.Add(Factors, _panel.BlockBytes - _panel.Units * _panel.Groups * Panel.Lanes);
        _asm.Loop(Blocks, block);

        _asm.ReleaseTiles();
        _frame.Return();
        return _asm.ToArray();
    }

    private void EmitGroup(int group)
    {
        _asm.LoadTile(Activations, new(X, group * _panel.GroupInputs), Stride, 1);
        for (int v = 0; v < Vectors; v++)
        {
            EmitCodes(group, v);
            _asm.ZeroTile(v);
            _asm.DotTiles(v, Activations, Codes + v);
            _asm.StoreTile(v, new(Gp.Rsp, v * SumsBytes), Stride, RowBytes / RoundedPanel.UnitInputs);
        }

        for (int v = 0; v < Vectors; v++) EmitScaling(v);
        _asm.Add(Corrections, ScalesStride);
        if (_panel.HasFactors) _asm.Add(Factors, Panel.Lanes);
    }

    /// <summary>A tile = the codes of a group for 16 outputs.</summary>
    private void EmitCodes(int group, int v)
    {
        int words = _panel.GroupInputs * _panel.Bits / 32;
        var codes = new Mem(Words, group * words * Panel.WordBytes + v * RowBytes);
        if (_panel.Bits == 8)
        {
            Prefetch(codes, words);
            _asm.LoadTile(Codes + v, codes, Stride, Panel.WordBytes / RoundedPanel.UnitInputs);
            return;
        }

        var spread = new Mem(Gp.Rsp, Vectors * SumsBytes + v * CodesBytes);
        if (_panel.Bits == 6) SpreadSixBits(codes, spread);
        else SpreadNibbles(codes, words, spread);
        _asm.LoadTile(Codes + v, spread, Stride, RowBytes / RoundedPanel.UnitInputs);
    }

    private void SpreadSixBits(Mem codes, Mem spread)
    {
        for (int word = 0; word < _panel.GroupInputs / 4; word++)
        {
            SixBits.Emit(_asm, codes, word, W, T, Mask);
            _asm.Op(VectorOp.Store, word % 4 < 3 ? W : W2, spread with { Offset = spread.Offset + word * RowBytes });
        }
    }

    private void SpreadNibbles(Mem codes, int words, Mem spread)
    {
        Prefetch(codes, words);
        for (int word = 0; word < words; word++)
        {
            _asm.Op(VectorOp.Load, W, codes with { Offset = codes.Offset + word * Panel.WordBytes });
            _asm.Op(VectorOp.And, W2, W, Mask);
            _asm.Op(VectorOp.Store, W2, spread with { Offset = spread.Offset + 2 * word * RowBytes });
            _asm.ShiftRight(W, W, 4);
            _asm.Op(VectorOp.And, W, W, Mask);
            _asm.Op(VectorOp.Store, W, spread with { Offset = spread.Offset + (2 * word + 1) * RowBytes });
        }
    }

    private void Prefetch(Mem codes, int words)
    {
        for (int word = 0; word < words; word++) _asm.Prefetch(codes with { Offset = codes.Offset + word * Panel.WordBytes + Panel.Ahead });
    }

    /// <summary>What a group adds to the sums of 16 outputs.</summary>
    private void EmitScaling(int v)
    {
        RoundedScales.Emit(_asm, _panel, Scales, Factors, W, T, v);
        if (_panel.HasMins) RoundedScales.EmitMin(_asm, _panel, Scales, Factors, W2, T, v);
        for (int r = 0; r < _rows; r++)
        {
            Mem sums = new(Gp.Rsp, v * SumsBytes + r * RowBytes), total = new(Sums, (r * Vectors + v) * RowBytes), ofRow = new(Corrections, r * sizeof(int), Broadcast: true);
            if (_panel.HasMins)
            {
                _asm.Op(VectorOp.ToSingle, Sum, sums);
            }
            else
            {
                _asm.Op(VectorOp.BroadcastInt, Sum, ofRow with { Broadcast = false }); // −offset · Σ x
                _asm.Op(VectorOp.AddInts, Sum, Sum, sums);
                _asm.Op(VectorOp.ToSingle, Sum, Sum);
            }

            _asm.Op(VectorOp.Multiply, T, W, new Mem(XScales, r * sizeof(float), Broadcast: true));
            _asm.Op(VectorOp.MultiplyAdd213, Sum, T, total);
            if (_panel.HasMins) _asm.Op(VectorOp.MultiplyAdd231, Sum, W2, ofRow);
            _asm.Op(VectorOp.Store, Sum, total);
        }
    }
}
