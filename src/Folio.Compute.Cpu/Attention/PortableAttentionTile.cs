using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>The tile of <see cref="AttentionTileEmitter"/> in C#, for where nothing can be emitted, and to hold what is emitted against.</summary>
internal static unsafe class PortableAttentionTile
{
    /// <summary>Columns of a pair of vectors.</summary>
    public const int Lanes = 16;

    /// <summary>Rows that share what is loaded.</summary>
    public const int MaxRows = 4;

    /// <param name="rows">[1, MaxRows]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in AttentionTileArguments arguments, in AttentionStrides strides, int rows)
    {
        for (int tile = 0; tile < arguments.Tiles; tile++)
        {
            // Fewer than four rows repeat the last: the same sums are made and stored twice.
            byte* w = (byte*)(arguments.W + tile * Lanes), sums = (byte*)(arguments.Sums + tile * Lanes);
            int second = Math.Min(1, rows - 1), third = Math.Min(2, rows - 1), fourth = rows - 1;
            var s0 = (float*)sums;
            float* s1 = (float*)(sums + second * strides.Sums), s2 = (float*)(sums + third * strides.Sums), s3 = (float*)(sums + fourth * strides.Sums);
            float* x0 = arguments.X;
            float* x1 = (float*)((byte*)x0 + second * strides.X), x2 = (float*)((byte*)x0 + third * strides.X), x3 = (float*)((byte*)x0 + fourth * strides.X);
            Vector256<float> a0 = Vector256<float>.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
            if (!strides.Fresh)
            {
                (a0, a1, b0, b1) = (Vector256.Load(s0), Vector256.Load(s0 + 8), Vector256.Load(s1), Vector256.Load(s1 + 8));
                (c0, c1, d0, d1) = (Vector256.Load(s2), Vector256.Load(s2 + 8), Vector256.Load(s3), Vector256.Load(s3 + 8));
            }

            for (long k = 0; k < arguments.Steps; k++, w += strides.W)
            {
                Vector256<float> w0 = Vector256.Load((float*)w), w1 = Vector256.Load((float*)w + 8), x = Vector256.Create(x0[k]);
                a0 = Vector256.FusedMultiplyAdd(x, w0, a0);
                a1 = Vector256.FusedMultiplyAdd(x, w1, a1);
                x = Vector256.Create(x1[k]);
                b0 = Vector256.FusedMultiplyAdd(x, w0, b0);
                b1 = Vector256.FusedMultiplyAdd(x, w1, b1);
                x = Vector256.Create(x2[k]);
                c0 = Vector256.FusedMultiplyAdd(x, w0, c0);
                c1 = Vector256.FusedMultiplyAdd(x, w1, c1);
                x = Vector256.Create(x3[k]);
                d0 = Vector256.FusedMultiplyAdd(x, w0, d0);
                d1 = Vector256.FusedMultiplyAdd(x, w1, d1);
            }

            Store(s0, a0, a1);
            Store(s1, b0, b1);
            Store(s2, c0, c1);
            Store(s3, d0, d1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* sums, Vector256<float> low, Vector256<float> high)
    {
        low.Store(sums);
        high.Store(sums + 8);
    }
}
