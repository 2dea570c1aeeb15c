using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>The count-th largest of a row.</summary>
internal static unsafe class TopK
{
    private const int MostParts = 1 << 13; // 32 KB on the stack

    /// <summary>The <paramref name="count"/>-th largest value that is not −∞; <paramref name="floor"/> where there are no more than that above it.</summary>
    public static float Find(float* row, int n, float floor, int count)
    {
        // Each of `parts` disjoint parts of the row has its maximum in the row, so the count-th largest maximum is at most what we seek: most vectors lie below and are skipped.
        int parts = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1024, Math.Min(4L * count, 2 * MostParts)));
        if (parts <= MostParts && n >= 8 * parts)
        {
            float* maxima = stackalloc float[MostParts];
            Maxima(row, n, maxima, parts);
            floor = MathF.Max(floor, Select(maxima, parts, floor, count));
        }

        return Select(row, n, floor, count);
    }

    private static float Select(float* row, int n, float floor, int count)
    {
        float low = MathF.Max(floor, float.MinValue);
        int total = CountFrom(row, n, low);
        return total <= count ? floor : LogitSelect.Find(row, n, new(low, float.MaxValue, Below: 0, total - count), default(One)).Value;
    }

    /// <summary>How many values are not below <paramref name="low"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountFrom(float* row, int n, float low)
    {
        Vector256<int> count = default;
        for (int i = 0; i < n; i += 8) count -= Vector256.GreaterThanOrEqual(LogitSelect.Load(row, i, n), Vector256.Create(low)).AsInt32();
        return Vector256.Sum(count);
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

    /// <summary>Every value weighs 1.</summary>
    private readonly struct One : LogitSelect.IWeight
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Of(Vector256<float> values) => Vector256<float>.One;
    }
}
