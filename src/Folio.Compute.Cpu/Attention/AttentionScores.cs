using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>q · k of one block: queries [n, headDim] × keys [headDim, tokenLanes] → scores, one chain over the channels for every token lane.</summary>
internal static unsafe class AttentionScores<TElement> where TElement : IKvElement
{
    private const int Lanes = 16;

    /// <param name="lane">First token of the block that is wanted, a multiple of 16.</param>
    /// <param name="end">One past the last; whole sixteens are stored beyond it.</param>
    /// <param name="stride">Bytes from one channel's keys to the next's.</param>
    /// <param name="offset">Where the block's token 0 stands in a row of scores.</param>
    /// <param name="next">What will be read after this block, to be fetched meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block(in AttentionScratch scratch, int queries, int headDim, byte* keys, int stride, int lane, int end, int offset, byte* next)
    {
        for (; lane < end; lane += Lanes)
        {
            byte* ahead = next + lane * TElement.Bytes, from = keys + lane * TElement.Bytes;
            for (int query = 0; query < queries; query += 4, ahead = from)
            {
                int last = Math.Min(query + 3, queries - 1);
                float* q0 = scratch.Queries + query * headDim;
                float* s0 = scratch.Scores(query) + offset + lane;
                if (last == query)
                {
                    One(q0, headDim, from, ahead, stride, s0);
                    continue;
                }

                // A group of fewer than four repeats its last vector: the same scores are made and stored twice.
                int second = Math.Min(query + 1, last), third = Math.Min(query + 2, last);
                float* q1 = scratch.Queries + second * headDim, q2 = scratch.Queries + third * headDim, q3 = scratch.Queries + last * headDim;
                Four(q0, q1, q2, q3, headDim, from, ahead, stride, s0, scratch.Scores(second) + offset + lane, scratch.Scores(third) + offset + lane, scratch.Scores(last) + offset + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* q0, float* q1, float* q2, float* q3, int headDim, byte* keys, byte* ahead, int stride, float* s0, float* s1, float* s2, float* s3)
    {
        Vector256<float> a0 = Vector256<float>.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        for (int channel = 0; channel < headDim; channel++, keys += stride, ahead += stride)
        {
            CacheLine.Fetch(ahead);
            TElement.Load(keys, out Vector256<float> k0, out Vector256<float> k1);
            Vector256<float> q = Vector256.Create(q0[channel]);
            a0 = Vector256.FusedMultiplyAdd(q, k0, a0);
            a1 = Vector256.FusedMultiplyAdd(q, k1, a1);
            q = Vector256.Create(q1[channel]);
            b0 = Vector256.FusedMultiplyAdd(q, k0, b0);
            b1 = Vector256.FusedMultiplyAdd(q, k1, b1);
            q = Vector256.Create(q2[channel]);
            c0 = Vector256.FusedMultiplyAdd(q, k0, c0);
            c1 = Vector256.FusedMultiplyAdd(q, k1, c1);
            q = Vector256.Create(q3[channel]);
            d0 = Vector256.FusedMultiplyAdd(q, k0, d0);
            d1 = Vector256.FusedMultiplyAdd(q, k1, d1);
        }

        Store(a0, a1, s0);
        Store(b0, b1, s1);
        Store(c0, c1, s2);
        Store(d0, d1, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(float* query, int headDim, byte* keys, byte* ahead, int stride, float* scores)
    {
        Vector256<float> a = Vector256<float>.Zero, b = a;
        for (int channel = 0; channel < headDim; channel++, keys += stride, ahead += stride)
        {
            CacheLine.Fetch(ahead);
            TElement.Load(keys, out Vector256<float> k0, out Vector256<float> k1);
            Vector256<float> q = Vector256.Create(query[channel]);
            a = Vector256.FusedMultiplyAdd(q, k0, a);
            b = Vector256.FusedMultiplyAdd(q, k1, b);
        }

        Store(a, b, scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> low, Vector256<float> high, float* scores)
    {
        low.Store(scores);
        high.Store(scores + 8);
    }
}
