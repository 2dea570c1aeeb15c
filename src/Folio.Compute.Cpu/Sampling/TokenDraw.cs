using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Picks one id of a row: the largest logit, or a draw. −1 where every logit is −∞ or NaN.</summary>
internal static unsafe class TokenDraw
{
    public const int None = -1;

    /// <summary>The logarithm of how much the least noise that there is speeds an id up, ln 2³³, and a margin.</summary>
    private const float Luck = 22.88f;

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
    /// <remarks>
    /// Noise is at least v, its 32 random bits as a fraction, and v at least 2⁻³³. So whoever is too far behind for the luckiest noise isn't given any, and of the others hardly one has so
    /// little that logarithm and exponential must be worked out.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Race(float* row, int n, float max, ulong seed, long position)
    {
        Vector256<float> best = Vector256.Create(-1f);
        Vector256<int> ids = Vector256.Create(None);
        float champion = -1, hopeless = float.NegativeInfinity; // the best speed so far, and the logit that can't reach it
        float* rest = stackalloc float[CounterRandom.GroupSize];
        for (int start = 0; start < n; start += CounterRandom.GroupSize)
        {
            float* z = row + start;
            if (start > n - CounterRandom.GroupSize)
            {
                for (int i = 0; i < CounterRandom.GroupSize; i++) rest[i] = start + i < n ? z[i] : float.NegativeInfinity;
                z = rest;
            }

            Vector256<float> z0 = Vector256.Load(z), z1 = Vector256.Load(z + 8), z2 = Vector256.Load(z + 16), z3 = Vector256.Load(z + 24);
            Vector256<float> largest = Vector256.MaxNative(Vector256.MaxNative(z0, z1), Vector256.MaxNative(z2, z3));
            if (Vector256.LessThanOrEqualAll(largest, Vector256.Create(hopeless))) continue;

            CounterRandom.Bits(seed, position, start / CounterRandom.GroupSize, out Vector256<uint> b0, out Vector256<uint> b1, out Vector256<uint> b2, out Vector256<uint> b3);
            Vector256<float> able = MayBeat(champion, z0, b0, max) | MayBeat(champion, z1, b1, max) | MayBeat(champion, z2, b2, max) | MayBeat(champion, z3, b3, max);
            if (able.ExtractMostSignificantBits() == 0) continue;

            Run(z0, b0, max, start, ref best, ref ids);
            Run(z1, b1, max, start + 8, ref best, ref ids);
            Run(z2, b2, max, start + 16, ref best, ref ids);
            Run(z3, b3, max, start + 24, ref best, ref ids);
            float now = VectorMath.Largest(best);
            if (now == champion) continue;
            champion = now;
            if (champion > 0) hopeless = max + MathF.Log(champion) - Luck;
        }

        return First(best, ids).Id;
    }

    /// <summary>Lanes whose speed may exceed the champion's: where e^(z − max) &gt; v · champion, with the exponential never too small and v never too large.</summary>
    /// <remarks>The exponential's bits are a line: between powers of two 1 + f ≥ 2ᶠ, by 6 % at most. The margin is for the rounding of all this and of the speeds.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> MayBeat(float champion, Vector256<float> z, Vector256<uint> bits, float max)
    {
        const float slope = 12102203.2f, one = 127 << 23, margin = 512, lowest = -86; // 2²³ / ln 2
        Vector256<float> x = Vector256.MaxNative(z - Vector256.Create(max), Vector256.Create(lowest));
        Vector256<float> most = Vector256.ConvertToInt32Native(Vector256.FusedMultiplyAdd(x, Vector256.Create(slope), Vector256.Create(one + margin))).AsSingle();
        Vector256<float> v = Vector256.ConvertToSingle((bits >> 8).AsInt32()) * Vector256.Create(1f / (1 << 24));
        return Vector256.GreaterThan(most, v * Vector256.Create(champion));
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
