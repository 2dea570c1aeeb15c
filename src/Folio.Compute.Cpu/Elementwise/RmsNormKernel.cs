using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>y = (x / √(mean(x²) + ε)) · weight over each group of weight.Columns values: x and y [rows, groups · weight.Columns], y may be x.</summary>
/// <remarks>Order: <see cref="VectorSum"/> per group. Bound: two passes over a row that lies in the first-level cache.</remarks>
internal readonly unsafe struct RmsNormKernel(Tensor x, Tensor weight, float epsilon, Tensor y) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        int n = weight.Columns;
        float* w = weight.Row(0);
        for (int start = 0; start < x.Columns; start += n)
        {
            float* source = x.Row(row) + start;
            float* target = y.Row(row) + start;
            float inverse = 1 / MathF.Sqrt(VectorSum.Of(source, n, new VectorSum.Squares()) / n + epsilon);
            int i = 0;
            for (; i <= n - 8; i += 8) (Vector256.Load(source + i) * inverse * Vector256.Load(w + i)).Store(target + i);
            for (; i < n; i++) target[i] = source[i] * inverse * w[i];
        }
    }
}
