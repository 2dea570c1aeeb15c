using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>The register tile of many rows: sums[r] += Σ x[r, k] · w[k] over one chunk of k, two vectors of outputs wide.</summary>
/// <remarks>
/// Sums come from memory and go back, so a chain of multiply-adds runs on over the chunks of k with the same bits as in one go.
/// Bound: the multiply-add units; each input costs two loads of w and one broadcast a row for 2 · rows multiply-adds.
/// </remarks>
internal static unsafe class Tile<TSimd, TV> where TSimd : ISimd<TV> where TV : struct
{
    /// <param name="rows">[1, TSimd.TileRows]</param>
    /// <param name="x">[rows, inputs], rows <paramref name="stride"/> values apart.</param>
    /// <param name="w">[inputs, 2 · TSimd.Count] weights of the tile's outputs.</param>
    /// <param name="sums">[rows, 32], the tile's outputs first.</param>
    public static void Run(int rows, float* x, long stride, float* w, int inputs, float* sums)
    {
        switch (rows)
        {
            case 1: Run<Rows1>(x, stride, w, inputs, sums); break;
            case 2: Run<Rows2>(x, stride, w, inputs, sums); break;
            case 3: Run<Rows3>(x, stride, w, inputs, sums); break;
            case 4: Run<Rows4>(x, stride, w, inputs, sums); break;
            case 5: Run<Rows5>(x, stride, w, inputs, sums); break;
            case 6: Run<Rows6>(x, stride, w, inputs, sums); break;
            case 7: Run<Rows7>(x, stride, w, inputs, sums); break;
            case 8: Run<Rows8>(x, stride, w, inputs, sums); break;
            case 9: Run<Rows9>(x, stride, w, inputs, sums); break;
            case 10: Run<Rows10>(x, stride, w, inputs, sums); break;
            case 11: Run<Rows11>(x, stride, w, inputs, sums); break;
            default: Run<Rows12>(x, stride, w, inputs, sums); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows>(float* x, long stride, float* w, int inputs, float* sums) where TRows : ITileRows
    {
        int n = TRows.Count;
        Pair r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        Pair r6 = default, r7 = default, r8 = default, r9 = default, r10 = default, r11 = default;
        if (n > 0) r0 = Pair.Load(sums, 0);
        if (n > 1) r1 = Pair.Load(sums, 1);
        if (n > 2) r2 = Pair.Load(sums, 2);
        if (n > 3) r3 = Pair.Load(sums, 3);
        if (n > 4) r4 = Pair.Load(sums, 4);
        if (n > 5) r5 = Pair.Load(sums, 5);
        if (n > 6) r6 = Pair.Load(sums, 6);
        if (n > 7) r7 = Pair.Load(sums, 7);
        if (n > 8) r8 = Pair.Load(sums, 8);
        if (n > 9) r9 = Pair.Load(sums, 9);
        if (n > 10) r10 = Pair.Load(sums, 10);
        if (n > 11) r11 = Pair.Load(sums, 11);

        // Rows in groups of three, a pointer a group: x, x + stride and x + 2 · stride are addresses that an instruction can hold.
        float* x3 = x + 3 * stride, x6 = x + 6 * stride, x9 = x + 9 * stride;
        for (float* end = w + (long)inputs * (2 * TSimd.Count); w < end; w += 2 * TSimd.Count)
        {
            TV w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Count);
            if (n > 0) r0 = r0.Plus(w0, w1, x[0]);
            if (n > 1) r1 = r1.Plus(w0, w1, x[stride]);
            if (n > 2) r2 = r2.Plus(w0, w1, x[2 * stride]);
            if (n > 3) r3 = r3.Plus(w0, w1, x3[0]);
            if (n > 4) r4 = r4.Plus(w0, w1, x3[stride]);
            if (n > 5) r5 = r5.Plus(w0, w1, x3[2 * stride]);
            if (n > 6) r6 = r6.Plus(w0, w1, x6[0]);
            if (n > 7) r7 = r7.Plus(w0, w1, x6[stride]);
            if (n > 8) r8 = r8.Plus(w0, w1, x6[2 * stride]);
            if (n > 9) r9 = r9.Plus(w0, w1, x9[0]);
            if (n > 10) r10 = r10.Plus(w0, w1, x9[stride]);
            if (n > 11) r11 = r11.Plus(w0, w1, x9[2 * stride]);
            x++;
            if (n > 3) x3++;
            if (n > 6) x6++;
            if (n > 9) x9++;
        }

        if (n > 0) r0.Store(sums, 0);
        if (n > 1) r1.Store(sums, 1);
        if (n > 2) r2.Store(sums, 2);
        if (n > 3) r3.Store(sums, 3);
        if (n > 4) r4.Store(sums, 4);
        if (n > 5) r5.Store(sums, 5);
        if (n > 6) r6.Store(sums, 6);
        if (n > 7) r7.Store(sums, 7);
        if (n > 8) r8.Store(sums, 8);
        if (n > 9) r9.Store(sums, 9);
        if (n > 10) r10.Store(sums, 10);
        if (n > 11) r11.Store(sums, 11);
    }

    /// <summary>The sums of one row.</summary>
    private readonly struct Pair(TV low, TV high)
    {
        private readonly TV _low = low, _high = high;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Pair Load(float* sums, int row) => new(TSimd.Load(sums + row * Panel.Lanes), TSimd.Load(sums + row * Panel.Lanes + TSimd.Count));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Pair Plus(TV w0, TV w1, float x)
        {
            TV factor = TSimd.Broadcast(x);
            return new(TSimd.MultiplyAdd(w0, factor, _low), TSimd.MultiplyAdd(w1, factor, _high));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* sums, int row)
        {
            TSimd.Store(_low, sums + row * Panel.Lanes);
            TSimd.Store(_high, sums + row * Panel.Lanes + TSimd.Count);
        }
    }
}
