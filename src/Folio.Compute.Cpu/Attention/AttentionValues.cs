using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>state += Σ weights[t] · values[t] over a chunk's positions [from, to) ascending, for some channels: one multiply-add chain a channel.</summary>
internal static unsafe class AttentionValues<TElement> where TElement : IKvElement
{
    private const int Lanes = 16;

    /// <summary>Four query vectors, sixteen channels from <paramref name="channel"/> on.</summary>
    /// <param name="rows">Each position's values.</param>
    /// <param name="ahead">What to fetch meanwhile: as many bytes for each position as are read of it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(
        float* w0, float* w1, float* w2, float* w3, int from, int to, byte** rows, byte* ahead, int channel, float* y0, float* y1, float* y2, float* y3)
    {
        Vector256<float> a0 = Vector256.Load(y0), a1 = Vector256.Load(y0 + 8), b0 = Vector256.Load(y1), b1 = Vector256.Load(y1 + 8);
        Vector256<float> c0 = Vector256.Load(y2), c1 = Vector256.Load(y2 + 8), d0 = Vector256.Load(y3), d1 = Vector256.Load(y3 + 8);
        nint offset = channel * TElement.Bytes;
        for (int t = from; t < to; t++, ahead += Lanes * TElement.Bytes)
        {
            CacheLine.Fetch(ahead);
            TElement.Load(rows[t] + offset, out Vector256<float> v0, out Vector256<float> v1);
            Vector256<float> w = Vector256.Create(w0[t]);
            a0 = Vector256.FusedMultiplyAdd(w, v0, a0);
            a1 = Vector256.FusedMultiplyAdd(w, v1, a1);
            w = Vector256.Create(w1[t]);
            b0 = Vector256.FusedMultiplyAdd(w, v0, b0);
            b1 = Vector256.FusedMultiplyAdd(w, v1, b1);
            w = Vector256.Create(w2[t]);
            c0 = Vector256.FusedMultiplyAdd(w, v0, c0);
            c1 = Vector256.FusedMultiplyAdd(w, v1, c1);
            w = Vector256.Create(w3[t]);
            d0 = Vector256.FusedMultiplyAdd(w, v0, d0);
            d1 = Vector256.FusedMultiplyAdd(w, v1, d1);
        }

        Store(a0, a1, y0);
        Store(b0, b1, y1);
        Store(c0, c1, y2);
        Store(d0, d1, y3);
    }

    /// <summary>One query vector, 64 channels, with something to fetch for each sixteen: eight chains of four cycles keep both multiply-add units busy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* weights, int from, int to, byte** rows, byte* ahead0, byte* ahead1, byte* ahead2, byte* ahead3, int channel, float* y)
    {
        Vector256<float> a = Vector256.Load(y), b = Vector256.Load(y + 8), c = Vector256.Load(y + 16), d = Vector256.Load(y + 24);
        Vector256<float> e = Vector256.Load(y + 32), f = Vector256.Load(y + 40), g = Vector256.Load(y + 48), h = Vector256.Load(y + 56);
        nint offset = channel * TElement.Bytes;
        for (int t = from; t < to; t++)
        {
            CacheLine.Fetch(ahead0 + t * Lanes * TElement.Bytes);
            CacheLine.Fetch(ahead1 + t * Lanes * TElement.Bytes);
            CacheLine.Fetch(ahead2 + t * Lanes * TElement.Bytes);
            CacheLine.Fetch(ahead3 + t * Lanes * TElement.Bytes);
            byte* v = rows[t] + offset;
            Vector256<float> w = Vector256.Create(weights[t]);
            TElement.Load(v, out Vector256<float> low, out Vector256<float> high);
            a = Vector256.FusedMultiplyAdd(w, low, a);
            b = Vector256.FusedMultiplyAdd(w, high, b);
            TElement.Load(v + Lanes * TElement.Bytes, out low, out high);
            c = Vector256.FusedMultiplyAdd(w, low, c);
            d = Vector256.FusedMultiplyAdd(w, high, d);
            TElement.Load(v + 2 * Lanes * TElement.Bytes, out low, out high);
            e = Vector256.FusedMultiplyAdd(w, low, e);
            f = Vector256.FusedMultiplyAdd(w, high, f);
            TElement.Load(v + 3 * Lanes * TElement.Bytes, out low, out high);
            g = Vector256.FusedMultiplyAdd(w, low, g);
            h = Vector256.FusedMultiplyAdd(w, high, h);
        }

        Store(a, b, y);
        Store(c, d, y + 16);
        Store(e, f, y + 32);
        Store(g, h, y + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> low, Vector256<float> high, float* y)
    {
        low.Store(y);
        high.Store(y + 8);
    }
}
