using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>q · k of one block: queries [n, headDim] × keys [headDim, tokenLanes] → scores, one chain over the channels for every token lane.</summary>
internal static unsafe class AttentionScores
{
    /// <param name="lane">First token of the block that is wanted, a multiple of 8.</param>
    /// <param name="end">One past the last; whole vectors are stored beyond it.</param>
    /// <param name="offset">Where the block's token 0 stands in a row of scores.</param>
    /// <param name="next">What will be read after this block, to be fetched meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block(in AttentionScratch scratch, int queries, int headDim, float* keys, int tokenLanes, int lane, int end, int offset, float* next)
    {
        while (lane < end)
        {
            bool wide = lane + 8 < tokenLanes && lane + 8 < end;
            float* ahead = next + lane;
            for (int query = 0; query < queries; query += 4, ahead = keys + lane)
            {
                int last = Math.Min(query + 3, queries - 1);
                float* q0 = scratch.Queries + query * headDim;
                float* s0 = scratch.Scores(query) + offset + lane;
                if (last == query)
                {
                    if (wide) One16(q0, headDim, keys + lane, ahead, tokenLanes, s0);
                    else One8(q0, headDim, keys + lane, ahead, tokenLanes, s0);
                    continue;
                }

                // A group of fewer than four repeats its last vector: the same scores are made and stored twice.
                int second = Math.Min(query + 1, last), third = Math.Min(query + 2, last);
                float* q1 = scratch.Queries + second * headDim, q2 = scratch.Queries + third * headDim, q3 = scratch.Queries + last * headDim;
                float* s1 = scratch.Scores(second) + offset + lane, s2 = scratch.Scores(third) + offset + lane, s3 = scratch.Scores(last) + offset + lane;
                if (wide) Four16(q0, q1, q2, q3, headDim, keys + lane, ahead, tokenLanes, s0, s1, s2, s3);
                else Four8(q0, q1, q2, q3, headDim, keys + lane, ahead, tokenLanes, s0, s1, s2, s3);
            }

            lane += wide ? 16 : 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four16(
        float* q0, float* q1, float* q2, float* q3, int headDim, float* keys, float* ahead, int tokenLanes, float* s0, float* s1, float* s2, float* s3)
    {
        Vector256<float> a0 = Vector256<float>.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        for (int channel = 0; channel < headDim; channel++, keys += tokenLanes, ahead += tokenLanes)
        {
            CacheLine.Fetch(ahead);
            Vector256<float> k0 = Vector256.Load(keys), k1 = Vector256.Load(keys + 8);
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

        Store16(a0, a1, s0);
        Store16(b0, b1, s1);
        Store16(c0, c1, s2);
        Store16(d0, d1, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four8(
        float* q0, float* q1, float* q2, float* q3, int headDim, float* keys, float* ahead, int tokenLanes, float* s0, float* s1, float* s2, float* s3)
    {
        Vector256<float> a = Vector256<float>.Zero, b = a, c = a, d = a;
        for (int channel = 0; channel < headDim; channel++, keys += tokenLanes, ahead += tokenLanes)
        {
            CacheLine.Fetch(ahead);
            Vector256<float> k = Vector256.Load(keys);
            a = Vector256.FusedMultiplyAdd(Vector256.Create(q0[channel]), k, a);
            b = Vector256.FusedMultiplyAdd(Vector256.Create(q1[channel]), k, b);
            c = Vector256.FusedMultiplyAdd(Vector256.Create(q2[channel]), k, c);
            d = Vector256.FusedMultiplyAdd(Vector256.Create(q3[channel]), k, d);
        }

        a.Store(s0);
        b.Store(s1);
        c.Store(s2);
        d.Store(s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One16(float* query, int headDim, float* keys, float* ahead, int tokenLanes, float* scores)
    {
        Vector256<float> a = Vector256<float>.Zero, b = a;
        for (int channel = 0; channel < headDim; channel++, keys += tokenLanes, ahead += tokenLanes)
        {
            CacheLine.Fetch(ahead);
            Vector256<float> q = Vector256.Create(query[channel]);
            a = Vector256.FusedMultiplyAdd(q, Vector256.Load(keys), a);
            b = Vector256.FusedMultiplyAdd(q, Vector256.Load(keys + 8), b);
        }

        Store16(a, b, scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One8(float* query, int headDim, float* keys, float* ahead, int tokenLanes, float* scores)
    {
        Vector256<float> a = Vector256<float>.Zero;
        for (int channel = 0; channel < headDim; channel++, keys += tokenLanes, ahead += tokenLanes)
        {
            CacheLine.Fetch(ahead);
            a = Vector256.FusedMultiplyAdd(Vector256.Create(query[channel]), Vector256.Load(keys), a);
        }

        a.Store(scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store16(Vector256<float> low, Vector256<float> high, float* scores)
    {
        low.Store(scores);
        high.Store(scores + 8);
    }
}
