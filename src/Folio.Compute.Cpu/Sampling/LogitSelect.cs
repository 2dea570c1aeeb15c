using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Finds where a row, sorted ascending, reaches a cumulative weight, without sorting it.</summary>
/// <remarks>
/// A radix search over the bits of the values: a histogram of weights over the upper 12 bits of the keys, then one each over the next 10 and the last 10 bits among the values that
/// share the bucket found. Each value that counts costs a scalar addition, so whoever asks says between which bounds the cut lies, and the values between are gathered first.
/// </remarks>
internal static unsafe class LogitSelect
{
    /// <summary>How much a value weighs.</summary>
    public interface IWeight
    {
        Vector256<float> Of(Vector256<float> values);
    }

    /// <summary>Where the cut lies, and what may be dropped.</summary>
    /// <param name="Low">The cut is not below, and some value is not below either.</param>
    /// <param name="High">The cut is not above.</param>
    /// <param name="Below">Weight of the values below <paramref name="Low"/>.</param>
    /// <param name="Limit">Weight that may be dropped: at least <paramref name="Below"/>, and less than that of all values up to <paramref name="High"/>.</param>
    public readonly record struct Bracket(float Low, float High, double Below, double Limit);

    /// <param name="Value">Values below this are dropped.</param>
    /// <param name="Ties">Of the values equal to it, how many more fit into what may be dropped: never all.</param>
    public readonly record struct Cut(float Value, int Ties);

    private const int MostGathered = 1 << 15; // 128 KB on the stack, the second-level cache's quarter

    /// <summary>[lanes that count, 8] where they stand, in order: what moves them to the front.</summary>
    private static readonly int[] s_places = [.. Enumerable.Range(0, 256).SelectMany(lanes => Enumerable.Range(0, 8).Where(lane => (lanes >> lane & 1) != 0).Concat(Enumerable.Repeat(0, 8)).Take(8))];

    /// <summary>Drops values from the smallest up while their cumulative weight is at most the limit.</summary>
    [SkipLocalsInit]
    public static Cut Find<TWeight>(float* row, int n, Bracket bracket, TWeight weight) where TWeight : struct, IWeight
    {
        float* gathered = stackalloc float[MostGathered];
        int count = Gather(row, n, bracket.Low, bracket.High, gathered);
        return count < 0 ? Search(row, n, bracket, weight) : Search(gathered, count, bracket, weight);
    }

    /// <summary>Copies the values in [low, high] one behind the other.</summary>
    /// <returns>How many there are; −1 where they are too many.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Gather(float* row, int n, float low, float high, float* gathered)
    {
        ref int places = ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(s_places);
        int count = 0;
        for (int i = 0; i < n; i += 8)
        {
            if (count > MostGathered - 8) return -1;
            Vector256<float> z = Load(row, i, n), inside = Vector256.GreaterThanOrEqual(z, Vector256.Create(low)) & Vector256.LessThanOrEqual(z, Vector256.Create(high));
            uint lanes = inside.ExtractMostSignificantBits();
            Vector256.ShuffleNative(z, Vector256.LoadUnsafe(ref places, lanes * 8)).Store(gathered + count);
            count += System.Numerics.BitOperations.PopCount(lanes);
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Cut Search<TWeight>(float* row, int n, Bracket bracket, TWeight weight) where TWeight : struct, IWeight
    {
        const int most = 1 << 12;
        double* buckets = stackalloc double[most];
        uint low = Key(bracket.Low), high = Key(bracket.High);
        double below = bracket.Below, equals = 0;
        for (int shift = 20; shift >= 0; shift -= 10)
        {
            int count = shift == 20 ? most : 1 << 10;
            new Span<double>(buckets, count).Clear();
            Count(row, n, Value(low), Value(high), weight, shift, (uint)count - 1, buckets);

            // The limit is less than the whole, so some bucket exceeds it; where rounded sums disagree it is the last with a value in it.
            int last = new Span<double>(buckets, count).LastIndexOfAnyExcept(0), bucket = 0;
            while (bucket < last && below + buckets[bucket] <= bracket.Limit) below += buckets[bucket++];
            equals = buckets[bucket];
            uint prefix = shift == 20 ? (uint)bucket << shift : (low >> (shift + 10) << (shift + 10)) | ((uint)bucket << shift);
            low = Math.Max(low, prefix);
            high = Math.Min(high, prefix | ((1u << shift) - 1));
        }

        float each = weight.Of(Vector256.Create(Value(low))).ToScalar();
        double ties = Math.Min((bracket.Limit - below) / each, Math.Round(equals / each) - 1);
        return new(Value(low), Math.Max(0, (int)ties));
    }

    /// <summary>Adds the weights of the values in [low, high] to the buckets of their key bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Count<TWeight>(float* row, int n, float low, float high, TWeight weight, int shift, uint mask, double* buckets) where TWeight : struct, IWeight
    {
        float* weights = stackalloc float[8];
        uint* keys = stackalloc uint[8];
        for (int i = 0; i < n; i += 8)
        {
            Vector256<float> z = Load(row, i, n);
            Vector256<float> inside = Vector256.GreaterThanOrEqual(z, Vector256.Create(low)) & Vector256.LessThanOrEqual(z, Vector256.Create(high));
            uint lanes = inside.ExtractMostSignificantBits();
            if (lanes == 0) continue;

            weight.Of(z).Store(weights);
            ((Keys(z) >> shift) & Vector256.Create(mask)).Store(keys);
            for (; lanes != 0; lanes &= lanes - 1)
            {
                int lane = System.Numerics.BitOperations.TrailingZeroCount(lanes);
                buckets[keys[lane]] += weights[lane];
            }
        }
    }

    /// <summary>The values [i, i + 8) of a row, −∞ behind its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* row, int i, int n) => i <= n - 8 ? Vector256.Load(row + i) : LoadEnd(row, i, n);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<float> LoadEnd(float* row, int i, int n)
    {
        float* rest = stackalloc float[8];
        for (int lane = 0; lane < 8; lane++) rest[lane] = i + lane < n ? row[i + lane] : float.NegativeInfinity;
        return Vector256.Load(rest);
    }

    /// <summary>Unsigned integers in the order of the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Keys(Vector256<float> values) =>
        values.AsUInt32() ^ ((values.AsInt32() >> 31).AsUInt32() | Vector256.Create(0x80000000));

    private static uint Key(float value) => Keys(Vector256.Create(value)).ToScalar();

    private static float Value(uint key) => BitConverter.UInt32BitsToSingle((key & 0x80000000) != 0 ? key ^ 0x80000000 : ~key);
}
