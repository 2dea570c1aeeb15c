using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Bench;

/// <summary>What the processor can do at most, measured: the figures that kernels are held against.</summary>
internal static unsafe class MachineLimits
{
    /// <summary>fp32 multiply-adds as two operations each, 10⁹ a second, all threads.</summary>
    public static double MultiplyAddGops(int threads)
    {
        const int steps = 2_000_000;
        double seconds = Best(threads, () => _ = Vector512.IsHardwareAccelerated ? Chains512(steps) : Chains256(steps));
        return threads * 2.0 * steps * 12 * (Vector512.IsHardwareAccelerated ? 16 : 8) / seconds / 1e9;
    }

    /// <returns>Seconds of the fastest of some runs that all threads make at once.</returns>
    public static double Best(int threads, Action work)
    {
        double best = double.MaxValue;
        using var start = new Barrier(threads);
        var team = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            team[i] = new Thread(() =>
            {
                for (int run = 0; run < 12; run++)
                {
                    start.SignalAndWait();
                    long before = Stopwatch.GetTimestamp();
                    work();
                    start.SignalAndWait();
                    double seconds = Stopwatch.GetElapsedTime(before).TotalSeconds;
                    lock (start) best = Math.Min(best, seconds);
                }
            });
            team[i].Start();
        }

        foreach (Thread thread in team) thread.Join();
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains256(int steps)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int step = 0; step < steps; step++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y); b = Vector256.FusedMultiplyAdd(b, x, y); c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y); e = Vector256.FusedMultiplyAdd(e, x, y); f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y); h = Vector256.FusedMultiplyAdd(h, x, y); i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y); k = Vector256.FusedMultiplyAdd(k, x, y); l = Vector256.FusedMultiplyAdd(l, x, y);
        }

        return (a + b + c + d + e + f + g + h + i + j + k + l).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains512(int steps)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int step = 0; step < steps; step++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y); k = Vector512.FusedMultiplyAdd(k, x, y); l = Vector512.FusedMultiplyAdd(l, x, y);
        }

        return (a + b + c + d + e + f + g + h + i + j + k + l).ToScalar();
    }
}
