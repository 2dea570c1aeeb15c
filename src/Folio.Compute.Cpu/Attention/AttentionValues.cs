using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>state += Σ weights[t] · values[t] over positions [from, to) ascending: values [positions, lanes], one multiply-add chain a channel.</summary>
internal static unsafe class AttentionValues
{
    /// <summary>Four query vectors over the same positions.</summary>
    /// <param name="ahead">How far behind these values lie those that will be read next, to be fetched meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(
        float* w0, float* w1, float* w2, float* w3, int from, int to, float* values, long ahead, int lanes, float* y0, float* y1, float* y2, float* y3)
    {
        int channel = 0;
        for (; channel <= lanes - 16; channel += 16)
        {
            Vector256<float> a0 = Vector256.Load(y0 + channel), a1 = Vector256.Load(y0 + channel + 8);
            Vector256<float> b0 = Vector256.Load(y1 + channel), b1 = Vector256.Load(y1 + channel + 8);
            Vector256<float> c0 = Vector256.Load(y2 + channel), c1 = Vector256.Load(y2 + channel + 8);
            Vector256<float> d0 = Vector256.Load(y3 + channel), d1 = Vector256.Load(y3 + channel + 8);
            float* v = values + (long)from * lanes + channel;
            for (int t = from; t < to; t++, v += lanes)
            {
                CacheLine.Fetch(v + ahead);
                Vector256<float> v0 = Vector256.Load(v), v1 = Vector256.Load(v + 8);
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

            a0.Store(y0 + channel);
            a1.Store(y0 + channel + 8);
            b0.Store(y1 + channel);
            b1.Store(y1 + channel + 8);
            c0.Store(y2 + channel);
            c1.Store(y2 + channel + 8);
            d0.Store(y3 + channel);
            d1.Store(y3 + channel + 8);
        }

        if (channel == lanes) return;
        Vector256<float> a = Vector256.Load(y0 + channel), b = Vector256.Load(y1 + channel), c = Vector256.Load(y2 + channel), d = Vector256.Load(y3 + channel);
        for (int t = from; t < to; t++)
        {
            Vector256<float> v = Vector256.Load(values + (long)t * lanes + channel);
            a = Vector256.FusedMultiplyAdd(Vector256.Create(w0[t]), v, a);
            b = Vector256.FusedMultiplyAdd(Vector256.Create(w1[t]), v, b);
            c = Vector256.FusedMultiplyAdd(Vector256.Create(w2[t]), v, c);
            d = Vector256.FusedMultiplyAdd(Vector256.Create(w3[t]), v, d);
        }

        a.Store(y0 + channel);
        b.Store(y1 + channel);
        c.Store(y2 + channel);
        d.Store(y3 + channel);
    }

    /// <summary>One query vector; nothing where from ≥ to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* weights, int from, int to, float* values, long ahead, int lanes, float* y)
    {
        if (from >= to) return;
        int channel = 0;
        for (; channel <= lanes - 64; channel += 64)
        {
            // Eight chains of four cycles keep both multiply-add units busy.
            Vector256<float> a = Vector256.Load(y + channel), b = Vector256.Load(y + channel + 8);
            Vector256<float> c = Vector256.Load(y + channel + 16), d = Vector256.Load(y + channel + 24);
            Vector256<float> e = Vector256.Load(y + channel + 32), f = Vector256.Load(y + channel + 40);
            Vector256<float> g = Vector256.Load(y + channel + 48), h = Vector256.Load(y + channel + 56);
            float* v = values + (long)from * lanes + channel;
            for (int t = from; t < to; t++, v += lanes)
            {
                CacheLine.Fetch(v + ahead);
                Vector256<float> w = Vector256.Create(weights[t]);
                CacheLine.Fetch(v + ahead + 16);
                CacheLine.Fetch(v + ahead + 32);
                CacheLine.Fetch(v + ahead + 48);
                a = Vector256.FusedMultiplyAdd(w, Vector256.Load(v), a);
                b = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 8), b);
                c = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 16), c);
                d = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 24), d);
                e = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 32), e);
                f = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 40), f);
                g = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 48), g);
                h = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 56), h);
            }

            a.Store(y + channel);
            b.Store(y + channel + 8);
            c.Store(y + channel + 16);
            d.Store(y + channel + 24);
            e.Store(y + channel + 32);
            f.Store(y + channel + 40);
            g.Store(y + channel + 48);
            h.Store(y + channel + 56);
        }

        for (; channel < lanes; channel += 8)
        {
            Vector256<float> a = Vector256.Load(y + channel);
            for (int t = from; t < to; t++) a = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t]), Vector256.Load(values + (long)t * lanes + channel), a);
            a.Store(y + channel);
        }
    }
}
