using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Rounds activations to int8. An item is up to 8 rows times up to 64 units.</summary>
/// <remarks>Rounding is to the nearest, ties to even. Bound: the instructions, about 40 for 32 values; a few percent of a product with one row, nothing beside many.</remarks>
internal readonly unsafe struct RoundRowsJob : IParallelJob
{
    private const int ItemRows = 8, ItemUnits = 64;

    private readonly float* _x;
    private readonly long _stride;
    private readonly RoundedRows _rounded;
    private readonly RoundedPanel _panel;
    private readonly CorrectionKind _kind;
    private readonly int _unitItems;

    /// <param name="x">[rows, columns], rows <paramref name="stride"/> values apart.</param>
    public RoundRowsJob(float* x, long stride, in RoundedRows rounded, in RoundedPanel panel, CorrectionKind kind)
    {
        _x = x;
        (_stride, _rounded, _panel, _kind) = (stride, rounded, panel, kind);
        _unitItems = (rounded.Units + ItemUnits - 1) / ItemUnits;
    }

    public int Items => (_rounded.Tiles.Rows + ItemRows - 1) / ItemRows * _unitItems;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        int firstRow = item / _unitItems * ItemRows, firstUnit = item % _unitItems * ItemUnits;
        int endRow = Math.Min(firstRow + ItemRows, _rounded.Tiles.Rows), endUnit = Math.Min(firstUnit + ItemUnits, _rounded.Units);
        for (int row = firstRow; row < endRow; row++)
        {
            float* x = _x + row * _stride + firstUnit * RoundedPanel.UnitInputs;
            int tile = _rounded.Tiles.TileOf(row), start = _rounded.Tiles.Start(tile), height = _rounded.Tiles.Height(tile);
            for (int unit = firstUnit; unit < endUnit; unit++, x += RoundedPanel.UnitInputs) Round(x, (long)start * _rounded.Units, unit, row - start, height);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Round(float* x, long tilePairs, int unit, int row, int height)
    {
        Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 8), x2 = Vector256.Load(x + 16), x3 = Vector256.Load(x + 24);
        float most = Largest(Vector256.MaxNative(Vector256.MaxNative(Vector256.Abs(x0), Vector256.Abs(x1)), Vector256.MaxNative(Vector256.Abs(x2), Vector256.Abs(x3))));
        float scale = most / 127;
        Vector256<float> inverse = Vector256.Create(most > 0 ? 127 / most : 0);
        Vector256<int> q0 = Code(x0 * inverse), q1 = Code(x1 * inverse), q2 = Code(x2 * inverse), q3 = Code(x3 * inverse);

        long pair = tilePairs + (long)unit * height + row;
        Vector256<sbyte> codes = Vector256.Narrow(Vector256.Narrow(q0, q1), Vector256.Narrow(q2, q3));
        if (_panel.Bits == 4) codes = EvenThenOdd(codes);
        codes.Store(_rounded.Codes + pair * RoundedPanel.UnitInputs);
        _rounded.Scales[pair] = scale;
        if (_kind == CorrectionKind.None) return;

        Vector256<int> low = q0 + q1, high = q2 + q3;
        if (_panel.Groups == 1)
        {
            _rounded.Corrections[pair] = Correction(low + high, scale);
            return;
        }

        pair += tilePairs + (long)unit * height;
        _rounded.Corrections[pair] = Correction(low, scale);
        _rounded.Corrections[pair + height] = Correction(high, scale);
    }

    /// <param name="codes">Of a group, added up to eight: each stands in the lane of its place modulo 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Correction(Vector256<int> codes, float scale)
    {
        int sum = Vector256.Sum(codes);
        if (_kind == CorrectionKind.Sum) return BitConverter.SingleToInt32Bits(scale * sum);
        if (_kind == CorrectionKind.StartInt32) return -_panel.Offset * sum;
        Vector256<int> half = _panel.Bits == 4 ? Vector256.Create(-1, -1, -1, -1, 0, 0, 0, 0) : Vector256.Create(-1, -1, 0, 0, -1, -1, 0, 0); // of four stored: 0, 2, 4, 6 and 1, 3, 5, 7, or as they come
        int first = Vector256.Sum(codes & half);
        return -_panel.Offset * first & 0xFFFF | -_panel.Offset * (sum - first) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Code(Vector256<float> x) => Vector256.ConvertToInt32Native(Vector256.Round(x));

    /// <summary>Of eight codes 0, 2, 4, 6, 1, 3, 5, 7: as a word of 4-bit codes is taken apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> EvenThenOdd(Vector256<sbyte> codes)
    {
        Vector128<sbyte> order = Vector128.Create((sbyte)0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
        return Vector256.Create(Vector128.Shuffle(codes.GetLower(), order), Vector128.Shuffle(codes.GetUpper(), order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<float> values)
    {
        Vector128<float> four = Vector128.MaxNative(values.GetLower(), values.GetUpper());
        four = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
