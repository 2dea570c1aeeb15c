using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Scores to weights: 2^(score − max), the scores having been multiplied by log₂ e, which saves one multiplication for each.</summary>
internal static unsafe class AttentionSoftmax
{
    public const float Log2E = 1.44269504f;

    private const float C6 = 1.535336188e-4f, C5 = 1.339887440e-3f, C4 = 9.618437357e-3f, C3 = 5.550332471e-2f, C2 = 2.402264791e-1f, C1 = 6.931472028e-1f;

    /// <summary>Makes scores [from, to) ready for <see cref="Weigh"/>: multiplies them by their keys' scales, caps them, and hides what shares a vector with them.</summary>
    /// <param name="keyScales">Null: there are none.</param>
    /// <returns>The largest.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Prepare(float* scores, int from, int to, float softCap, float* keyScales)
    {
        int start = from & ~7, end = (to + 7) & ~7;
        if (keyScales != null)
        {
            for (int i = start; i < end; i += 8) (Vector256.Load(scores + i) * Vector256.Load(keyScales + i)).Store(scores + i);
        }

        if (softCap > 0)
        {
            for (int i = start; i < end; i += 8) (softCap * Log2E * VectorMath.Tanh(Vector256.Load(scores + i) / softCap)).Store(scores + i);
        }

        for (int i = start; i < from; i++) scores[i] = float.NegativeInfinity;
        for (int i = to; i < end; i++) scores[i] = float.NegativeInfinity;
        return Largest(scores + start, end - start);
    }

    /// <summary>Turns scores [from, to) into weights in place.</summary>
    /// <param name="valueScales">What multiplies each weight after it was summed; null: nothing does.</param>
    /// <returns>Their sums by lanes (position mod 8), added to <paramref name="sums"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Weigh(float* scores, int from, int to, float max, Vector256<float> sums, float* valueScales)
    {
        Vector256<float> largest = Vector256.Create(max);
        float* score = scores + (from & ~7), end = scores + ((to + 7) & ~7);
        for (; score <= end - 32; score += 32)
        {
            Vector256<float> a = Vector256.Load(score) - largest, b = Vector256.Load(score + 8) - largest, c = Vector256.Load(score + 16) - largest, d = Vector256.Load(score + 24) - largest;
            Exp2(ref a, ref b, ref c, ref d);
            sums = sums + a + b + c + d;
            a.Store(score);
            b.Store(score + 8);
            c.Store(score + 16);
            d.Store(score + 24);
        }

        for (; score < end; score += 8)
        {
            Vector256<float> e = Exp2(Vector256.Load(score) - largest);
            sums += e;
            e.Store(score);
        }

        if (valueScales != null)
        {
            for (int i = from & ~7; i < to; i += 8) (Vector256.Load(scores + i) * Vector256.Load(valueScales + i)).Store(scores + i);
        }

        return sums;
    }

    /// <summary>The largest of whole vectors. Where one is NaN any may come out: its weight, and so the sum, will be NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(float* scores, int count)
    {
        Vector256<float> all = Vector256.Load(scores);
        for (float* score = scores + 8; score < scores + count; score += 8) all = Vector256.MaxNative(all, Vector256.Load(score));
        Vector128<float> four = Vector128.MaxNative(all.GetLower(), all.GetUpper());
        Vector128<float> two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    /// <summary>2ˣ within 2 ulp for x ≤ 0; 0 below −126.5, NaN for NaN.</summary>
    /// <remarks>Coefficients: S. Moshier's Cephes library, exp2f.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp2(Vector256<float> x)
    {
        Vector256<float> exponent = Split(ref x);
        Vector256<float> p = Next(Vector256.Create(C6), x, C5);
        p = Next(Next(Next(Next(Next(p, x, C4), x, C3), x, C2), x, C1), x, 1);
        return p * exponent;
    }

    /// <summary>The same bits for four vectors, step by step: one chain of dependent instructions after the other would fill the processor's queues with waiting ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exp2(ref Vector256<float> a, ref Vector256<float> b, ref Vector256<float> c, ref Vector256<float> d)
    {
        Vector256<float> ea = Split(ref a), eb = Split(ref b), ec = Split(ref c), ed = Split(ref d), first = Vector256.Create(C6);
        Vector256<float> pa = Next(first, a, C5), pb = Next(first, b, C5), pc = Next(first, c, C5), pd = Next(first, d, C5);
        (pa, pb, pc, pd) = (Next(pa, a, C4), Next(pb, b, C4), Next(pc, c, C4), Next(pd, d, C4));
        (pa, pb, pc, pd) = (Next(pa, a, C3), Next(pb, b, C3), Next(pc, c, C3), Next(pd, d, C3));
        (pa, pb, pc, pd) = (Next(pa, a, C2), Next(pb, b, C2), Next(pc, c, C2), Next(pd, d, C2));
        (pa, pb, pc, pd) = (Next(pa, a, C1), Next(pb, b, C1), Next(pc, c, C1), Next(pd, d, C1));
        (pa, pb, pc, pd) = (Next(pa, a, 1), Next(pb, b, 1), Next(pc, c, 1), Next(pd, d, 1));
        (a, b, c, d) = (pa * ea, pb * eb, pc * ec, pd * ed);
    }

    /// <summary>Leaves x's distance from the nearest integer; returns 2 to that integer, or 0 at −127, where no exponent is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Split(ref Vector256<float> x)
    {
        Vector256<float> round = Vector256.Create(12582912f);  // 1.5 · 2²³: adding it rounds to an integer, kept in the low bits
        x = Vector256.MaxNative(Vector256.Create(-127f), x);   // the operand order lets NaN through
        Vector256<float> shifted = x + round;
        x -= shifted - round;
        return ((shifted.AsInt32() << 23) + Vector256<float>.One.AsInt32()).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Next(Vector256<float> p, Vector256<float> x, float c) => Vector256.FusedMultiplyAdd(p, x, Vector256.Create(c));
}
