using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Finds where a row, sorted ascending, reaches a cumulative weight, without sorting it.</summary>
/// <remarks>
/// A radix search over the bits of the values: a histogram of weights over the upper 12 bits of the keys, then one each over the next 10 and the last 10 bits among the values that
/// share the bucket found. Weights are integers, so their sums are exact whatever the order. Three passes at most, the later ones skipping most vectors.
/// </remarks>
internal static unsafe class LogitSelect
{
    /// <summary>How much a value weighs, and how much weight to cut off.</summary>
    public interface IWeight
    {
        Vector256<float> Of(Vector256<float> values);

        /// <summary>One of these weights as an integer.</summary>
        ulong Integer(float weight);

        /// <summary>Smaller values weigh nothing.</summary>
        float Smallest { get; }

        /// <summary>The weight that may be dropped, given that of all values; null: nothing.</summary>
        ulong? Limit(ulong total);
    }

    /// <summary>Every value weighs 1; all but the last <paramref name="count"/> may go (top-k).</summary>
    public readonly struct AllButLast(int count) : IWeight
    {
        public float Smallest => float.MinValue;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Of(Vector256<float> values) => Vector256<float>.One;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ulong Integer(float weight) => 1;

        public ulong? Limit(ulong total) => total > (ulong)count ? total - (ulong)count : null;
    }

    /// <summary>A value weighs its probability relative to the largest's; the lower 1 − <paramref name="topP"/> of the mass may go, but not all of it (top-p).</summary>
    public readonly struct Tail(float max, float topP) : IWeight
    {
        private const float One = 1L << 44; // 2¹⁷ ids of probability 1 are still far from overflow

        public float Smallest => max - 31;   // e⁻³¹ < 2⁻⁴⁴

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Of(Vector256<float> values) => VectorMath.Exp(values - Vector256.Create(max)) * One;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ulong Integer(float weight) => (ulong)float.ConvertToIntegerNative<long>(weight);

        public ulong? Limit(ulong total) => Math.Min(total - 1, (ulong)Math.Max(0, (1f - topP) * (double)total));
    }

    /// <param name="Value">Values below this are dropped.</param>
    /// <param name="Ties">Of the values equal to it, how many more fit into what may be dropped.</param>
    public readonly record struct Cut(float Value, ulong Ties);

    /// <summary>Drops values from the smallest up while their cumulative weight is at most the limit. Values below <paramref name="floor"/> don't exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Cut Find<TWeight>(float* row, int n, float floor, TWeight weight) where TWeight : struct, IWeight
    {
        const int most = 1 << 12;
        ulong* buckets = stackalloc ulong[most];
        uint low = Key(MathF.Max(floor, weight.Smallest)), high = Key(float.MaxValue);
        ulong below = 0, limit = 0;
        for (int shift = 20; shift >= 0; shift -= 10)
        {
            int count = shift == 20 ? most : 1 << 10;
            new Span<ulong>(buckets, count).Clear();
            Count(row, n, Value(low), Value(high), weight, shift, (uint)count - 1, buckets);
            if (shift == 20)
            {
                ulong total = 0;
                for (int i = 0; i < count; i++) total += buckets[i];
                if (weight.Limit(total) is not { } some) return new(floor, 0);
                limit = some;
            }

            // limit is less than the total, so some bucket exceeds it.
            uint bucket = 0;
            while (below + buckets[bucket] <= limit) below += buckets[bucket++];
            uint prefix = shift == 20 ? bucket << shift : (low >> (shift + 10) << (shift + 10)) | (bucket << shift);
            low = Math.Max(low, prefix);
            high = Math.Min(high, prefix | ((1u << shift) - 1));
        }

        return new(Value(low), (limit - below) / weight.Integer(weight.Of(Vector256.Create(Value(low))).ToScalar()));
    }

    /// <summary>The <paramref name="count"/>-th largest value that is not −∞; <paramref name="floor"/> where there are no more than that above it.</summary>
    public static float Largest(float* row, int n, float floor, int count)
    {
        // Each of `parts` disjoint parts of the row has its maximum in the row, so the count-th largest maximum is at most what we seek: most vectors lie below and are skipped.
        const int parts = 1024;
        if (count <= parts / 4 && n >= 8 * parts)
        {
            float* maxima = stackalloc float[parts];
            Maxima(row, n, maxima, parts);
            floor = MathF.Max(floor, Find(maxima, parts, floor, new AllButLast(count)).Value);
        }

        return Find(row, n, floor, new AllButLast(count)).Value;
    }

    /// <summary>The largest of the values i, i + parts, i + 2 · parts, … for every i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Maxima(float* row, int n, float* maxima, int parts)
    {
        new Span<float>(row, parts).CopyTo(new Span<float>(maxima, parts));
        int start = parts;
        for (; start <= n - parts; start += parts)
        {
            for (int i = 0; i < parts; i += 8) Vector256.MaxNative(Vector256.Load(maxima + i), Vector256.Load(row + start + i)).Store(maxima + i);
        }

        for (int i = 0; start + i < n; i++) maxima[i] = MathF.Max(maxima[i], row[start + i]);
    }

    /// <summary>Adds the weights of the values in [low, high] to the buckets of their key bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Count<TWeight>(float* row, int n, float low, float high, TWeight weight, int shift, uint mask, ulong* buckets) where TWeight : struct, IWeight
    {
        float* weights = stackalloc float[8];
        uint* keys = stackalloc uint[8];
        float* rest = stackalloc float[8];
        for (int i = 0; i < n; i += 8)
        {
            float* values = row + i;
            if (i > n - 8)
            {
                for (int lane = 0; lane < 8; lane++) rest[lane] = i + lane < n ? values[lane] : float.NegativeInfinity;
                values = rest;
            }

            Vector256<float> z = Vector256.Load(values);
            Vector256<float> inside = Vector256.GreaterThanOrEqual(z, Vector256.Create(low)) & Vector256.LessThanOrEqual(z, Vector256.Create(high));
            uint lanes = inside.ExtractMostSignificantBits();
            if (lanes == 0) continue;

            weight.Of(z).Store(weights);
            ((Keys(z) >> shift) & Vector256.Create(mask)).Store(keys);
            for (; lanes != 0; lanes &= lanes - 1)
            {
                int lane = System.Numerics.BitOperations.TrailingZeroCount(lanes);
                buckets[keys[lane]] += weight.Integer(weights[lane]);
            }
        }
    }

    /// <summary>Unsigned integers in the order of the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Keys(Vector256<float> values) =>
        values.AsUInt32() ^ ((values.AsInt32() >> 31).AsUInt32() | Vector256.Create(0x80000000));

    private static uint Key(float value) => Keys(Vector256.Create(value)).ToScalar();

    private static float Value(uint key) => BitConverter.UInt32BitsToSingle((key & 0x80000000) != 0 ? key ^ 0x80000000 : ~key);
}
