using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Turns the pairs (a, b) of each head in place: a' = a·cos − b·sin, b' = b·cos + a·sin. x [rows, heads · headDim].</summary>
/// <param name="angleRows">[rows] the row of each row's angles; null: its own.</param>
/// <remarks>Order: each output is fma(first, cos, ±(second · sin)), in vectors and in the rest alike. Bound: one pass over x in cache.</remarks>
internal readonly unsafe struct RopeKernel(Tensor x, int headDim, RopeAngles angles, int* angleRows) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        int pairs = angles.Cosines.Columns, own = angleRows == null ? row : angleRows[row];
        float* cos = angles.Cosines.Row(own);
        float* sin = angles.Sines.Row(own);
        float* end = x.Row(row) + x.Columns;
        for (float* head = x.Row(row); head < end; head += headDim)
        {
            if (angles.Style == RopeStyle.Halves) Halves(head, head + pairs, cos, sin, pairs);
            else Interleaved(head, cos, sin, pairs);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(float* first, float* second, float* cos, float* sin, int pairs)
    {
        int i = 0;
        for (; i <= pairs - 8; i += 8)
        {
            Vector256<float> a = Vector256.Load(first + i), b = Vector256.Load(second + i), c = Vector256.Load(cos + i), s = Vector256.Load(sin + i);
            Vector256.FusedMultiplyAdd(a, c, -(b * s)).Store(first + i);
            Vector256.FusedMultiplyAdd(b, c, a * s).Store(second + i);
        }

        for (; i < pairs; i++) Turn(ref first[i], ref second[i], cos[i], sin[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleaved(float* head, float* cos, float* sin, int pairs)
    {
        int i = 0;
        for (; i <= pairs - 4; i += 4)
        {
            // Four pairs a vector: each angle stands twice, the partner stands in the neighbouring lane.
            Vector256<float> x = Vector256.Load(head + 2 * i);
            Vector256<float> c = Twice(Vector128.Load(cos + i)), s = Twice(Vector128.Load(sin + i));
            Vector256<float> partner = Vector256.Shuffle(x, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)) * s;
            partner ^= Vector256.Create(-0f, 0f, -0f, 0f, -0f, 0f, -0f, 0f);
            Vector256.FusedMultiplyAdd(x, c, partner).Store(head + 2 * i);
        }

        for (; i < pairs; i++) Turn(ref head[2 * i], ref head[2 * i + 1], cos[i], sin[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Twice(Vector128<float> x) =>
        Vector256.Create(Vector128.Shuffle(x, Vector128.Create(0, 0, 1, 1)), Vector128.Shuffle(x, Vector128.Create(2, 2, 3, 3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref float first, ref float second, float cos, float sin) =>
        (first, second) = (MathF.FusedMultiplyAdd(first, cos, -(second * sin)), MathF.FusedMultiplyAdd(second, cos, first * sin));
}
