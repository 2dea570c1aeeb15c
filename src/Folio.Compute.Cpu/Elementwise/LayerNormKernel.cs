using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>y = ((x − mean) / √(variance + ε)) · weight + bias over each row of x [rows, n]; y may be x, weight and bias [1, n] or default.</summary>
/// <remarks>
/// Order: <see cref="VectorSum"/>, the mean first, then the squared distances from it (one pass over sums of squares would cancel).
/// Bound: three passes over a row that lies in the first-level cache.
/// </remarks>
internal readonly unsafe struct LayerNormKernel(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor y) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        int n = x.Columns;
        float* source = x.Row(row);
        float* target = y.Row(row);
        float* w = (float*)weight.Data;
        float* b = (float*)bias.Data;
        float mean = VectorSum.Of(source, n, new VectorSum.Values()) / n;
        float variance = VectorSum.Of(source, n, new VectorSum.SquaredDistances(mean)) / n;
        float inverse = 1 / MathF.Sqrt(variance + epsilon);

        int i = 0;
        for (; i <= n - 8; i += 8)
        {
            Vector256<float> value = (Vector256.Load(source + i) - Vector256.Create(mean)) * inverse;
            if (w != null) value *= Vector256.Load(w + i);
            if (b != null) value += Vector256.Load(b + i);
            value.Store(target + i);
        }

        for (; i < n; i++)
        {
            float value = (source[i] - mean) * inverse;
            if (w != null) value *= w[i];
            if (b != null) value += b[i];
            target[i] = value;
        }
    }
}
