using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Which instructions multiply bytes.</summary>
internal enum DotIsa
{
    /// <summary>vpmaddubsw on 256 bits.</summary>
    Avx2,

    /// <summary>vpdpbusd on 256 bits.</summary>
    AvxVnni,

    /// <summary>The same with the 32 registers of AVX-512: for processors that slow down for 512 bits.</summary>
    Avx512Vnni256,

    /// <summary>vpdpbusd on 512 bits.</summary>
    Avx512Vnni,

    /// <summary>Tiles (tdpbsud) for <see cref="TileKernelEmitter.MinRows"/> rows and more, vpdpbusd on 512 bits for fewer.</summary>
    Amx,
}

/// <summary>Emits the register tile of rounded activations: sums[r] += scale · Σ x[r, k] · code[k] over one unit of 32 inputs after the other.</summary>
/// <remarks>
/// Products of int8 are summed exactly, so their order is free; what is rounded is one chain of multiply-adds per output over the groups ascending, the same at every level, shape and
/// number of rows: sum = (float)Σ · (xScale · d) + sum, then, where the type has minima, sum = xSum · m + sum.
/// Bound: many rows by the multiply units (AVX2: 2 of the 4 operations for 32 products of 8-bit codes, one of 2 for smaller ones, whose sums fit int16);
/// few rows by reading the codes.
/// A lane's 32-bit word holds four codes of 8 bits, or eight of 4 bits: the even ones are the low halves of its bytes, the odd ones the high halves, and the activations lie in that order.
/// Three words hold sixteen codes of 6 bits, the last four of which are put together on the way.
/// </remarks>
internal sealed class RoundedKernelEmitter
{
    private const Gp Scales = Gp.Rax, Words = Gp.Rdi, Factors = Gp.Rbx, X = Gp.Rcx, XScales = Gp.Rdx, Corrections = Gp.Rsi, Sums = Gp.R8, XStride = Gp.R9, ScalesStride = Gp.R10, Blocks = Gp.R11, Units = Gp.Rbp;
    private static readonly Gp[] s_fields = [Scales, Words, Factors, X, XScales, Corrections, Sums, XStride, ScalesStride, Blocks];

    private readonly X64Assembler _asm;
    private readonly KernelFrame _frame;
    private readonly RoundedPanel _panel;
    private readonly DotIsa _isa;
    private readonly int _rows, _vectors;
    private readonly int _together; // vectors whose codes are multiplied by one broadcast of activations
    private readonly int _w, _w2, _t, _mask, _ones, _flip; // registers behind the sums; codes lie from w on

    private RoundedKernelEmitter(in RoundedPanel panel, DotIsa isa, Abi abi, int rows, int vectors)
    {
        (_panel, _isa, _rows, _vectors) = (panel, isa, rows, vectors);
        _asm = new(isa == DotIsa.Avx512Vnni ? 64 : 32, evex: isa >= DotIsa.Avx512Vnni256);
        _together = isa == DotIsa.Avx2 ? 1 : Math.Min(2, vectors); // vpmaddubsw's are overwritten: by the signs, by the products
        int next = rows * vectors;
        (_w, _w2) = (next, next + 1);
        next += Math.Max(2, _together * CodeRegisters);
        _t = next++;
        if (panel.Bits < 8) _mask = next++;
        if (isa == DotIsa.Avx2) _ones = next++;
        if (Signs) _flip = next++;
        int most = isa >= DotIsa.Avx512Vnni256 ? 32 : 16;
        if (next > most) throw new ArgumentOutOfRangeException(nameof(rows), $"{rows} × {vectors} vectors take {next} registers; there are {most}");
        _frame = new(_asm, abi, [.. s_fields, Units], next);
    }

    /// <summary>Full-range bytes saturate vpmaddubsw unless it multiplies |w| by x · sign(w).</summary>
    private bool Signs => _isa == DotIsa.Avx2 && _panel.Signed;

    /// <summary>Vectors of four codes a lane that one of words gives.</summary>
    private int Parts => _panel.Bits == 4 ? 2 : 1;

    private int CodeRegisters => _panel.Bits == 8 ? 1 : 2;

    /// <summary>Sums are kept as int16 until a group ends.</summary>
    private bool Narrow => NarrowOf(_panel, _isa);

    /// <summary>Sums begin with −offset · Σ x instead of 0.</summary>
    private bool Starts => StartsOf(_panel, _isa);

    /// <summary>Whether <see cref="RoundedTile.Corrections"/> are starting sums, and as what.</summary>
    public static CorrectionKind Kind(in RoundedPanel panel, DotIsa isa) =>
        panel.HasMins ? CorrectionKind.Sum : !StartsOf(panel, isa) ? CorrectionKind.None : NarrowOf(panel, isa) ? CorrectionKind.StartInt16 : CorrectionKind.StartInt32;

    /// <remarks>Each half of a lane sums half of a group's products: 16 · 15 · 127 of 4-bit codes fit, and of larger ones less their offset 8 · 32 · 127 and 16 · 16 · 127; what is above wraps on the way, and back.</remarks>
    private static bool NarrowOf(in RoundedPanel panel, DotIsa isa) => isa == DotIsa.Avx2 && (panel.Bits == 4 || panel.Bits == 6 && !panel.HasMins);

    private static bool StartsOf(in RoundedPanel panel, DotIsa isa) => !panel.HasMins && !(isa == DotIsa.Avx2 && panel.Signed);

    /// <param name="vectors">Vectors of outputs: a divisor of a panel's.</param>
    /// <returns>A function of one pointer to a <see cref="RoundedTile"/>.</returns>
    public static byte[] Emit(in RoundedPanel panel, DotIsa isa, Abi abi, int rows, int vectors) =>
        isa != DotIsa.Amx ? new RoundedKernelEmitter(panel, isa, abi, rows, vectors).Emit()
        : rows < TileKernelEmitter.MinRows ? Emit(panel, DotIsa.Avx512Vnni, abi, rows, vectors)
        : new TileKernelEmitter(panel, abi, rows).Emit();

    private byte[] Emit()
    {
        _frame.Enter();
        if (_panel.Bits < 8) _asm.Broadcast(_mask, _panel.CodeMask, scratch: Gp.Rax);
        if (_isa == DotIsa.Avx2) _asm.Broadcast(_ones, 0x00010001, scratch: Gp.Rax);
        if (Signs) _asm.Broadcast(_flip, 0x80808080, scratch: Gp.Rax);
        _frame.LoadFields(s_fields);

        int block = _asm.Here;
        if (_panel.Units > 1) _asm.Set(Units, _panel.Units);
        int unit = _asm.Here;
        EmitUnit();
        if (_panel.Units > 1) _asm.Loop(Units, unit);
        _asm.Add(Scales, _panel.BlockBytes);
        _asm.Add(Words, _panel.BlockBytes - _panel.Units * _panel.UnitBytes);
        if (_panel.HasFactors) _asm.Add(Factors, _panel.BlockBytes - _panel.Units * _panel.Groups * Panel.Lanes);
        _asm.Loop(Blocks, block);

        _frame.Return();
        return _asm.ToArray();
    }

    private void EmitUnit()
    {
        for (int group = 0; group < _panel.Groups; group++)
        {
            EmitDots(group);
            for (int v = 0; v < _vectors; v++) EmitScaling(v);
            if (_panel.HasMins || Starts) _asm.Add(Corrections, ScalesStride);
            if (_panel.HasFactors) _asm.Add(Factors, Panel.Lanes);
        }

        _asm.Add(Words, _panel.UnitBytes);
        _asm.Add(X, XStride);
        _asm.Add(XScales, ScalesStride);
    }

    /// <summary>The integer sums of a group.</summary>
    private void EmitDots(int group)
    {
        bool[] begun = new bool[_rows * _vectors];
        if (Starts)
        {
            for (int r = 0; r < _rows; r++)
            {
                for (int v = 0; v < _vectors; v++) _asm.Op(VectorOp.BroadcastInt, Sum(r, v), new Mem(Corrections, r * sizeof(int)));
            }

            Array.Fill(begun, true);
        }

        int words = _panel.GroupInputs / (4 * Parts), codes = group * _panel.GroupInputs * _panel.Bits / 32 * Panel.WordBytes;
        int run = _panel.Bits == 6 ? 4 : 1; // words that are read one after the other before the next vectors' are
        for (int start = 0; start < words; start += run)
        {
            for (int first = 0; first < _vectors; first += _together)
            {
                for (int word = start; word < start + run; word++) EmitDots(group, word, codes, first, begun);
            }
        }
    }

    /// <summary>What a word of some vectors adds to the integer sums of a group.</summary>
    private void EmitDots(int group, int word, int codes, int first, bool[] begun)
    {
        for (int v = first; v < first + _together; v++) EmitCodes(_w + (v - first) * CodeRegisters, new(Words, codes + v * _asm.VectorBytes), word);
        for (int r = 0; r < _rows; r++)
        {
            for (int part = 0; part < Parts; part++)
            {
                _asm.Op(VectorOp.BroadcastInt, _t, new Mem(X, r * RoundedPanel.UnitInputs + group * _panel.GroupInputs + (word * Parts + part) * 4));
                for (int v = first; v < first + _together; v++)
                    EmitDot(Sum(r, v), _w + (v - first) * CodeRegisters + (_panel.Bits == 6 ? word % 4 / 3 : part), ref begun[r * _vectors + v]);
            }
        }
    }

    /// <summary>The codes of a vector of words.</summary>
    /// <param name="words">The group's first, for the vector's first output.</param>
    private void EmitCodes(int to, Mem words, int word)
    {
        if (_panel.Bits == 6)
        {
            SixBits.Emit(_asm, words, word, to, _t, _mask);
            return;
        }

        words = words with { Offset = words.Offset + word * Panel.WordBytes };
        if (words.Offset % 64 == 0) _asm.Prefetch(words with { Offset = words.Offset + Panel.Ahead });
        if (_panel.Bits == 8)
        {
            _asm.Op(VectorOp.Load, to, words);
            if (Signs) _asm.Op(VectorOp.Xor, to, to, _flip);
            if (Signs) _asm.Op(VectorOp.Abs, _w2, to);
            return;
        }

        _asm.Op(VectorOp.Load, to + 1, words);
        _asm.Op(VectorOp.And, to, to + 1, _mask);
        _asm.ShiftRight(to + 1, to + 1, 4);
        _asm.Op(VectorOp.And, to + 1, to + 1, _mask);
    }

    /// <summary>sum += the four codes of each lane · the four activations of a row in t, which may be lost.</summary>
    private void EmitDot(int sum, int codes, ref bool begun)
    {
        if (_isa != DotIsa.Avx2)
        {
            if (!begun) _asm.Op(VectorOp.Xor, sum, sum, sum);
            begun = true;
            _asm.Op(VectorOp.DotBytes, sum, codes, _t);
            return;
        }

        int product = begun || !Narrow ? _t : sum;
        if (Signs) _asm.Op(VectorOp.Sign, _t, _t, codes);
        _asm.Op(VectorOp.MultiplyAddBytes, product, Signs ? _w2 : codes, _t);
        if (Narrow)
        {
            if (begun) _asm.Op(VectorOp.AddWords, sum, sum, _t);
        }
        else if (begun)
        {
            _asm.Op(VectorOp.MultiplyAddWords, _t, _t, _ones);
            _asm.Op(VectorOp.AddInts, sum, sum, _t);
        }
        else
        {
            _asm.Op(VectorOp.MultiplyAddWords, sum, _t, _ones);
        }

        begun = true;
    }

    /// <summary>What a group adds to the sums of a vector of outputs.</summary>
    private void EmitScaling(int v)
    {
        RoundedScales.Emit(_asm, _panel, Scales, Factors, _w, _t, v);
        if (_panel.HasMins) RoundedScales.EmitMin(_asm, _panel, Scales, Factors, _w2, _t, v);
        for (int r = 0; r < _rows; r++)
        {
            int sum = Sum(r, v);
            var total = new Mem(Sums, r * Panel.Lanes * sizeof(float) + v * _asm.VectorBytes);
            if (Narrow) _asm.Op(VectorOp.MultiplyAddWords, sum, sum, _ones);
            _asm.Op(VectorOp.ToSingle, sum, sum);
            _asm.Op(VectorOp.BroadcastSingle, _t, new Mem(XScales, r * sizeof(float)));
            _asm.Op(VectorOp.Multiply, _t, _t, _w);
            _asm.Op(VectorOp.MultiplyAdd213, sum, _t, total);
            if (_panel.HasMins)
            {
                _asm.Op(VectorOp.BroadcastSingle, _t, new Mem(Corrections, r * sizeof(float)));
                _asm.Op(VectorOp.MultiplyAdd231, sum, _t, _w2);
            }

            _asm.Op(VectorOp.Store, sum, total);
        }
    }

    private int Sum(int row, int vector) => row * _vectors + vector;
}
