using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Picks one id of a row: the largest logit, or a draw. −1 where every logit is −∞ or NaN.</summary>
internal static unsafe class TokenDraw
{
    public const int None = -1;

    /// <summary>The id of the largest logit, the lowest among equals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Largest(float* row, int n)
    {
        // Each lane keeps its first largest; NaN compares as not greater.
        Vector256<float> best = Vector256.Create(float.NegativeInfinity);
        Vector256<int> ids = Vector256.Create(None);
        int i = 0;
        for (; i <= n - 8; i += 8)
        {
            Vector256<float> z = Vector256.Load(row + i);
            Vector256<float> better = Vector256.GreaterThan(z, best);
            best = Vector256.ConditionalSelect(better, z, best);
            ids = Vector256.ConditionalSelect(better.AsInt32(), Vector256.Create(i) + Vector256<int>.Indices, ids);
        }

        (float value, int id) = First(best, ids);
        for (; i < n; i++)
        {
            if (row[i] > value) (value, id) = (row[i], i);
        }

        return id;
    }

    /// <summary>The exponential race: the id with the largest e^(logit − max) / noise(seed, position, id); ids at −∞ don't run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Race(float* row, int n, float max, ulong seed, long position)
    {
        Vector256<float> best = Vector256.Create(-1f);
        Vector256<int> ids = Vector256.Create(None);
        float* rest = stackalloc float[CounterRandom.GroupSize];
        for (int start = 0; start < n; start += CounterRandom.GroupSize)
        {
            float* z = row + start;
            if (start > n - CounterRandom.GroupSize)
            {
                for (int i = 0; i < CounterRandom.GroupSize; i++) rest[i] = start + i < n ? z[i] : float.NegativeInfinity;
                z = rest;
            }

            Vector256<float> nothing = Vector256.Create(float.NegativeInfinity);
            Vector256<float> any = Vector256.MaxNative(Vector256.Load(z), Vector256.Load(z + 8));
            any = Vector256.MaxNative(any, Vector256.MaxNative(Vector256.Load(z + 16), Vector256.Load(z + 24)));
            if (Vector256.EqualsAll(any, nothing)) continue;

            CounterRandom.Bits(seed, position, start / CounterRandom.GroupSize, out Vector256<uint> b0, out Vector256<uint> b1, out Vector256<uint> b2, out Vector256<uint> b3);
            Run(Vector256.Load(z), b0, max, start, ref best, ref ids);
            Run(Vector256.Load(z + 8), b1, max, start + 8, ref best, ref ids);
            Run(Vector256.Load(z + 16), b2, max, start + 16, ref best, ref ids);
            Run(Vector256.Load(z + 24), b3, max, start + 24, ref best, ref ids);
        }

        return First(best, ids).Id;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(Vector256<float> z, Vector256<uint> bits, float max, int start, ref Vector256<float> best, ref Vector256<int> ids)
    {
        Vector256<float> speed = VectorMath.Exp(z - Vector256.Create(max)) / CounterRandom.Exponential(bits);
        Vector256<float> better = Vector256.GreaterThan(speed, best) & Vector256.GreaterThan(z, Vector256.Create(float.NegativeInfinity));
        best = Vector256.ConditionalSelect(better, speed, best);
        ids = Vector256.ConditionalSelect(better.AsInt32(), Vector256.Create(start) + Vector256<int>.Indices, ids);
    }

    /// <summary>The best lane, the lowest id among equals.</summary>
    private static (float Value, int Id) First(Vector256<float> best, Vector256<int> ids)
    {
        (float value, int id) = (best[0], ids[0]);
        for (int lane = 1; lane < 8; lane++)
        {
            if (ids[lane] >= 0 && (id < 0 || best[lane] > value || (best[lane] == value && ids[lane] < id))) (value, id) = (best[lane], ids[lane]);
        }

        return (value, id);
    }
}
