using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute;

/// <summary>Elementary functions on eight fp32 lanes: one fixed chain of multiply-adds each, so every lane has the same bits on every machine.</summary>
/// <remarks>
/// Coefficients are minimax fits of the kind that N. Juffa published for CUDA's expf, logf, tanhf and erff; the tests measure the errors stated here against
/// double precision. Bound: about 15 to 40 instructions for 8 values.
/// </remarks>
public static class VectorMath
{
    private const float Round = 12582912f;                // 1.5 · 2²³: adding it rounds to an integer, kept in the low bits
    private const float Log2E = 1.44269504f;
    private const float MinusLn2High = -6.93145752e-1f;   // ln 2 in two parts, the first with trailing zeros
    private const float MinusLn2Low = -1.42860677e-6f;
    private const float Ln2 = 6.93147182e-1f;

    /// <summary>eˣ within 1 ulp; 0 below −87.69, ∞ above 88.38, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        // The operand order lets NaN through: the native minimum and maximum return their second operand then.
        x = Vector256.MinNative(Vector256.Create(89f), Vector256.MaxNative(Vector256.Create(-88f), x));
        Vector256<float> shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(Round));
        Vector256<float> n = shifted - Vector256.Create(Round);
        Vector256<float> f = Vector256.FusedMultiplyAdd(n, Vector256.Create(MinusLn2High), x);
        f = Vector256.FusedMultiplyAdd(n, Vector256.Create(MinusLn2Low), f);

        Vector256<float> p = Vector256.Create(1.37805939e-3f);
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(8.37312452e-3f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(4.16695364e-2f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(1.66664720e-1f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(4.99999851e-1f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256<float>.One);
        p = Vector256.FusedMultiplyAdd(p, f, Vector256<float>.One);

        // n is in [−127, 128]: at its ends the exponent field holds 0 and ∞. Nothing is rounded below the smallest normal numbers, which costs some processors dearly.
        Vector256<int> exponent = shifted.AsInt32() - Vector256.Create(Round).AsInt32();
        return p * ((exponent + Vector256.Create(127)) << 23).AsSingle();
    }

    /// <summary>One value, the same bits as a lane of the vector form.</summary>
    public static float Exp(float x) => Exp(Vector256.Create(x)).ToScalar();

    /// <summary>tanh x within 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Tanh(Vector256<float> x)
    {
        Vector256<float> magnitude = Vector256.Abs(x);
        Vector256<float> e = Exp(magnitude + magnitude);
        Vector256<float> large = Vector256<float>.One - Vector256.Create(2f) / (e + Vector256<float>.One);

        Vector256<float> s = x * x;
        Vector256<float> small = Vector256.Create(1.57394409e-2f);
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(-5.23025580e-2f));
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(1.33152470e-1f));
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(-3.33327681e-1f));
        small = Vector256.FusedMultiplyAdd(small * s, magnitude, magnitude);
        return WithSign(Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(0.55f)), small, large), x);
    }

    /// <summary>The error function within 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Erf(Vector256<float> x)
    {
        Vector256<float> t = Vector256.MinNative(Vector256.Create(4f), Vector256.Abs(x)); // erf 4 rounds to 1
        Vector256<float> s = t * t;

        Vector256<float> high = Vector256.FusedMultiplyAdd(Vector256.Create(-1.72853470e-5f), t, Vector256.Create(3.83197126e-4f));
        Vector256<float> low = Vector256.FusedMultiplyAdd(Vector256.Create(-3.88396438e-3f), t, Vector256.Create(2.42546219e-2f));
        high = Vector256.FusedMultiplyAdd(high, s, low);
        high = Vector256.FusedMultiplyAdd(high, t, Vector256.Create(-1.06777877e-1f));
        high = Vector256.FusedMultiplyAdd(high, t, Vector256.Create(-6.34846687e-1f));
        high = Vector256.FusedMultiplyAdd(high, t, Vector256.Create(-1.28717512e-1f));
        Vector256<float> large = Vector256<float>.One - Exp(Vector256.FusedMultiplyAdd(high, t, -t));

        Vector256<float> small = Vector256.Create(-5.96761703e-4f);
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(4.99119423e-3f));
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(-2.67681349e-2f));
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(1.12819925e-1f));
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(-3.76125336e-1f));
        small = Vector256.FusedMultiplyAdd(small, s, Vector256.Create(1.28379166e-1f));
        small = Vector256.FusedMultiplyAdd(small, t, t);
        return WithSign(Vector256.ConditionalSelect(Vector256.GreaterThan(t, Vector256.Create(0.927734375f)), large, small), x);
    }

    /// <summary>ln(1 + f) + k · ln 2 for f in [−1/3, 1/3] and integral k, within 1 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> LogOnePlus(Vector256<float> f, Vector256<float> k)
    {
        Vector256<float> s = f * f;
        Vector256<float> even = Vector256.Create(-0.130310059f);
        Vector256<float> odd = Vector256.Create(0.140869141f);
        even = Vector256.FusedMultiplyAdd(even, s, Vector256.Create(-0.121483512f));
        odd = Vector256.FusedMultiplyAdd(odd, s, Vector256.Create(0.139814854f));
        even = Vector256.FusedMultiplyAdd(even, s, Vector256.Create(-0.166846126f));
        odd = Vector256.FusedMultiplyAdd(odd, s, Vector256.Create(0.200120345f));
        even = Vector256.FusedMultiplyAdd(even, s, Vector256.Create(-0.249996200f));
        Vector256<float> r = Vector256.FusedMultiplyAdd(odd, f, even);
        r = Vector256.FusedMultiplyAdd(r, f, Vector256.Create(0.333331972f));
        r = Vector256.FusedMultiplyAdd(r, f, Vector256.Create(-0.5f));
        r = Vector256.FusedMultiplyAdd(r, s, f);
        return Vector256.FusedMultiplyAdd(k, Vector256.Create(Ln2), r);
    }

    /// <summary>The eight lanes added as a fixed tree: ((0+4) + (2+6)) + ((1+5) + (3+7)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> x)
    {
        Vector128<float> four = x.GetLower() + x.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    /// <summary>The largest lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> x)
    {
        Vector128<float> four = Vector128.MaxNative(x.GetLower(), x.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WithSign(Vector256<float> magnitude, Vector256<float> sign) =>
        Vector256.ConditionalSelect(Vector256.Create(-0f), sign, magnitude);
}
