using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>What is added up for each value.</summary>
internal interface ISummand
{
    Vector256<float> AddTo(Vector256<float> sum, Vector256<float> x);
}

/// <summary>Sums over a row in one fixed order.</summary>
/// <remarks>
/// Order: value i of the whole vectors goes to lane i mod 8 of accumulator ⌊i / 8⌋ mod 4, ascending; the rest, padded with zeros, to one more vector; then
/// ((a0 + a1) + (a2 + a3)) + rest and a fixed tree over the lanes. A function of the values and their number only.
/// </remarks>
internal static unsafe class VectorSum
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of<TSummand>(float* x, int n, TSummand summand) where TSummand : struct, ISummand
    {
        Vector256<float> a0 = Vector256<float>.Zero, a1 = a0, a2 = a0, a3 = a0, rest = a0;
        int i = 0;
        for (; i <= n - 32; i += 32)
        {
            a0 = summand.AddTo(a0, Vector256.Load(x + i));
            a1 = summand.AddTo(a1, Vector256.Load(x + i + 8));
            a2 = summand.AddTo(a2, Vector256.Load(x + i + 16));
            a3 = summand.AddTo(a3, Vector256.Load(x + i + 24));
        }

        if (i <= n - 8) a0 = summand.AddTo(a0, Vector256.Load(x + i));
        if (i <= n - 16) a1 = summand.AddTo(a1, Vector256.Load(x + i + 8));
        if (i <= n - 24) a2 = summand.AddTo(a2, Vector256.Load(x + i + 16));
        i = n & ~7;
        if (i < n)
        {
            // Only the lanes that exist count: f(0) need not be 0.
            Vector256<float> inside = Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(n - i)).AsSingle();
            rest = summand.AddTo(rest, PartialVector.Load(x + i, n - i)) & inside;
        }

        return VectorMath.Sum(((a0 + a1) + (a2 + a3)) + rest);
    }

    public readonly struct Values : ISummand
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> AddTo(Vector256<float> sum, Vector256<float> x) => sum + x;
    }

    public readonly struct Squares : ISummand
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> AddTo(Vector256<float> sum, Vector256<float> x) => Vector256.FusedMultiplyAdd(x, x, sum);
    }

    public readonly struct SquaredDistances(float mean) : ISummand
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> AddTo(Vector256<float> sum, Vector256<float> x)
        {
            Vector256<float> d = x - Vector256.Create(mean);
            return Vector256.FusedMultiplyAdd(d, d, sum);
        }
    }
}
