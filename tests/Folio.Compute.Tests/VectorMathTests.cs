using System.Runtime.Intrinsics;

namespace Folio.Compute.Tests;

public sealed class VectorMathTests
{
    [Fact]
    public void Exp_is_within_one_ulp() => Assert.InRange(WorstUlps(VectorMath.Exp, Math.Exp, -87, 88.37f), 0, 1);

    [Fact]
    public void Exp_ends_in_zero_and_infinity()
    {
        foreach ((float x, float expected) in (ReadOnlySpan<(float, float)>)
                 [(0, 1), (-0f, 1), (-87.7f, 0), (-1e30f, 0), (float.NegativeInfinity, 0), (89, float.PositiveInfinity), (float.PositiveInfinity, float.PositiveInfinity)])
            Assert.Equal(expected, VectorMath.Exp(x));
        Assert.True(float.IsNaN(VectorMath.Exp(float.NaN)));
    }

    [Fact]
    public void Tanh_is_within_two_ulp() => Assert.InRange(WorstUlps(VectorMath.Tanh, Math.Tanh, -12, 12), 0, 2);

    [Fact]
    public void Erf_is_within_two_ulp() => Assert.InRange(WorstUlps(VectorMath.Erf, Erf, -5, 5), 0, 2);

    [Fact]
    public void Functions_keep_tiny_values_signs_and_limits()
    {
        foreach (Func<Vector256<float>, Vector256<float>> function in (Func<Vector256<float>, Vector256<float>>[])[VectorMath.Tanh, VectorMath.Erf])
        {
            Assert.Equal([1, -1, 1, -1], Enumerable.Range(0, 4).Select(i => function(Vector256.Create(i % 2 == 0 ? 1f : -1) * (i < 2 ? 50 : float.PositiveInfinity))[0]));
            Assert.True(float.IsNegative(function(Vector256.Create(-0f))[0]));
            Assert.True(function(Vector256.Create(1e-30f))[0] is > 0.9e-30f and < 1.2e-30f);
            Assert.True(float.IsNaN(function(Vector256.Create(float.NaN))[0]));
        }
    }

    [Fact]
    public void Sums_and_maxima_cover_all_lanes()
    {
        Vector256<float> x = Vector256.Create(1f, 2, 4, 8, 16, 32, 64, 128);
        Assert.Equal(255, VectorMath.Sum(x));
        for (int lane = 0; lane < 8; lane++) Assert.Equal(1000, VectorMath.Largest(x.WithElement(lane, 1000)));
    }

    /// <summary>The largest distance from the exact result in units of its last place, over a million values of the range and as many tiny ones.</summary>
    private static double WorstUlps(Func<Vector256<float>, Vector256<float>> function, Func<double, double> exact, float low, float high)
    {
        double worst = 0;
        const int steps = 500_000;
        for (int i = 0; i <= steps; i++)
        {
            float x = low + (high - low) * ((float)i / steps);
            Check(x);
            if (low < 0 && high > 0) Check(x * 1e-2f);
        }

        return worst;

        void Check(float x)
        {
            double expected = exact(x);
            double ulp = Math.Max(MathF.BitIncrement((float)Math.Abs(expected)) - (float)Math.Abs(expected), float.Epsilon);
            worst = Math.Max(worst, Math.Abs(function(Vector256.Create(x))[3] - expected) / ulp);
        }
    }

    /// <summary>erf in double: its Taylor series, or from 3 on the continued fraction of erfc.</summary>
    private static double Erf(double x)
    {
        double t = Math.Abs(x);
        if (t < 3)
        {
            double term = t, sum = t;
            for (int n = 1; Math.Abs(term) > 1e-18 * sum; n++)
            {
                term *= -t * t / n;
                sum += term / (2 * n + 1);
            }

            return Math.CopySign(2 / Math.Sqrt(Math.PI) * sum, x);
        }

        double fraction = t;
        for (int n = 60; n > 0; n--) fraction = t + n / 2.0 / fraction;
        return Math.CopySign(1 - Math.Exp(-t * t) / Math.Sqrt(Math.PI) / fraction, x);
    }
}
