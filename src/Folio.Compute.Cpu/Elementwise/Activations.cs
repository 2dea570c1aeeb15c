using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>A function of one value, on eight lanes.</summary>
internal interface IActivation
{
    static abstract Vector256<float> Of(Vector256<float> x);
}

internal readonly struct Relu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x) => Vector256.MaxNative(Vector256<float>.Zero, x); // NaN stays NaN
}

/// <summary>x / (1 + e⁻ˣ).</summary>
internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x) => x / (Vector256<float>.One + VectorMath.Exp(-x));
}

/// <summary>½x · (1 + erf(x / √2)).</summary>
internal readonly struct Gelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x) => x * 0.5f * (Vector256<float>.One + VectorMath.Erf(x * 0.70710678f));
}

/// <summary>½x · (1 + tanh(√(2/π) · (x + 0.044715x³))).</summary>
internal readonly struct GeluTanh : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x)
    {
        Vector256<float> inner = Vector256.FusedMultiplyAdd(x * x * 0.044715f, x, x) * 0.79788456f;
        return x * 0.5f * (Vector256<float>.One + VectorMath.Tanh(inner));
    }
}

/// <summary>y = f(x), or f(x) · up where <paramref name="up"/> is not default: all [rows, columns], y may be x.</summary>
/// <remarks>Order: none, each value alone. Bound: the instructions of f: 30 to 60 for 8 values.</remarks>
internal readonly unsafe struct ActivationKernel<TActivation>(Tensor x, Tensor up, Tensor y) : IRowKernel where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        float* source = x.Row(row);
        float* factor = up.Data == 0 ? null : up.Row(row);
        float* target = y.Row(row);
        int n = x.Columns, i = 0;
        for (; i <= n - 8; i += 8)
        {
            Vector256<float> value = TActivation.Of(Vector256.Load(source + i));
            if (factor != null) value *= Vector256.Load(factor + i);
            value.Store(target + i);
        }

        if (i == n) return;
        Vector256<float> rest = TActivation.Of(PartialVector.Load(source + i, n - i));
        if (factor != null) rest *= PartialVector.Load(factor + i, n - i);
        PartialVector.Store(rest, target + i, n - i);
    }
}
