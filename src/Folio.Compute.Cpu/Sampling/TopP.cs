using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Where the least likely ids of a row end that together have at most 1 − p of the probability.</summary>
/// <remarks>
/// One vector pass sums the probabilities of all ids and of those below each of four bounds; between two bounds lies the cut, and few ids with it.
/// Sums are of eight fp32 values a lane, then in double precision, in one order.
/// </remarks>
internal static unsafe class TopP
{
    private const int Bounds = 4, RunLength = 64;
    private const float Smallest = -31;   // e⁻³¹ < 2⁻⁴⁴: 2¹⁷ of them are nothing beside the largest

    /// <summary>Bounds below the largest value, descending: of sharp distributions the first halves what is left, of flat ones the last.</summary>
    private static ReadOnlySpan<float> Offsets => [-2.5f, -5, -8, -12];

    /// <summary>The lower 1 − <paramref name="topP"/> of the probability may go, but not all of it.</summary>
    /// <param name="floor">Values below don't exist.</param>
    /// <param name="max">The row's largest.</param>
    public static LogitSelect.Cut Find(float* row, int n, float floor, float max, float topP)
    {
        double* sums = stackalloc double[1 + Bounds];
        float low = MathF.Max(floor, max + Smallest);
        Sum(row, n, low, max, sums);
        double limit = Math.Min(Math.BitDecrement(sums[0]), Math.Max(0, (1f - topP) * sums[0]));

        int bound = 0;
        while (bound < Bounds && sums[1 + bound] > limit) bound++;
        float high = bound == 0 ? max : MathF.BitDecrement(max + Offsets[bound - 1]);
        LogitSelect.Bracket bracket = bound == Bounds ? new(low, high, Below: 0, limit) : new(MathF.Max(low, max + Offsets[bound]), high, sums[1 + bound], limit);
        return LogitSelect.Find(row, n, bracket, new Likelihood(max));
    }

    /// <summary>The sums of e^(value − max) over all values from <paramref name="low"/> on, and over those of them that are below each bound.</summary>
    /// <param name="sums">[1 + bounds]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* row, int n, float low, float max, double* sums)
    {
        Vector256<float> bound0 = Vector256.Create(max + Offsets[0]), bound1 = Vector256.Create(max + Offsets[1]), bound2 = Vector256.Create(max + Offsets[2]), bound3 = Vector256.Create(max + Offsets[3]);
        Vector256<double> total = default, total0 = default, total1 = default, total2 = default, total3 = default;
        for (int start = 0; start < n; start += RunLength)
        {
            Vector256<float> sum = default, sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (int i = start; i < Math.Min(start + RunLength, n); i += 8)
            {
                Vector256<float> z = LogitSelect.Load(row, i, n), inside = Vector256.GreaterThanOrEqual(z, Vector256.Create(low));
                if (inside.ExtractMostSignificantBits() == 0) continue;
                Vector256<float> likelihood = VectorMath.Exp(z - Vector256.Create(max)) & inside;
                sum += likelihood;
                sum0 += likelihood & Vector256.LessThan(z, bound0);
                sum1 += likelihood & Vector256.LessThan(z, bound1);
                sum2 += likelihood & Vector256.LessThan(z, bound2);
                sum3 += likelihood & Vector256.LessThan(z, bound3);
            }

            Add(ref total, sum);
            Add(ref total0, sum0);
            Add(ref total1, sum1);
            Add(ref total2, sum2);
            Add(ref total3, sum3);
        }

        sums[0] = Vector256.Sum(total);
        sums[1] = Vector256.Sum(total0);
        sums[2] = Vector256.Sum(total1);
        sums[3] = Vector256.Sum(total2);
        sums[4] = Vector256.Sum(total3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<double> total, Vector256<float> sum)
    {
        (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(sum);
        total += lower + upper;
    }

    /// <summary>A value weighs its probability relative to the largest's.</summary>
    private readonly struct Likelihood(float max) : LogitSelect.IWeight
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Of(Vector256<float> values) => VectorMath.Exp(values - Vector256.Create(max));
    }
}
