using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Folio.Bench;

/// <summary>How fast this machine reads memory that no cache holds: the limit of decoding.</summary>
internal static unsafe class ReadBandwidth
{
    private const int Passes = 6;
    private const long TotalBytes = 256L << 20;

    /// <returns>10⁹ bytes a second, all threads together, in the fastest of some passes.</returns>
    public static double Measure(int threads)
    {
        long bytes = TotalBytes / threads / 128 * 128;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes * threads), 64);
        try
        {
            NativeMemory.Fill(memory, (nuint)(bytes * threads), 1);
            return bytes * threads / FastestPass(memory, bytes, threads) / 1e9;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static double FastestPass(byte* memory, long bytes, int threads)
    {
        double best = double.MaxValue;
        long started = 0;
        using var gate = new Barrier(threads, _ =>
        {
            if (started != 0) best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
            started = Stopwatch.GetTimestamp();
        });
        var team = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            byte* part = memory + i * bytes;
            team[i] = new Thread(() =>
            {
                int sum = 0;
                for (int pass = 0; pass < Passes; pass++)
                {
                    gate.SignalAndWait();
                    sum += Sum(part, bytes);
                }

                gate.SignalAndWait();
                GC.KeepAlive(sum);
            });
            team[i].Start();
        }

        foreach (Thread thread in team) thread.Join();
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Sum(byte* memory, long bytes)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (byte* end = memory + bytes; memory < end; memory += 128)
        {
            a += Vector256.Load((int*)memory);
            b += Vector256.Load((int*)(memory + 32));
            c += Vector256.Load((int*)(memory + 64));
            d += Vector256.Load((int*)(memory + 96));
        }

        return (a + b + c + d).ToScalar();
    }
}
