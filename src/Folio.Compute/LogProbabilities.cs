using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute;

/// <summary>What the host reports of a row of logits: its log-softmax, best ids and ranks. NaN counts as −∞.</summary>
/// <remarks>Order: a function of the row alone. Bound: one or two vector passes over the row (49,152 entries: about 20 µs each).</remarks>
public static class LogProbabilities
{
    /// <summary>ln Σ exp(row): the log-probability of an id is its logit minus this. −∞ for a row without any finite logit.</summary>
    public static float LogSumExp(ReadOnlySpan<float> row)
    {
        float max = Max(row);
        if (!float.IsFinite(max)) return max;

        // Lanes are added in double: eight lanes, then the tail as one more vector padded with −∞.
        Vector256<double> low = Vector256<double>.Zero, high = Vector256<double>.Zero;
        Vector256<float> shift = Vector256.Create(max);
        int i = 0;
        for (; i <= row.Length - 8; i += 8) Accumulate(Vector256.Create(row[i..]), shift, ref low, ref high);
        if (i < row.Length) Accumulate(Tail(row[i..]), shift, ref low, ref high);

        Vector256<double> sums = low + high;
        return (float)(max + Math.Log((sums[0] + sums[2]) + (sums[1] + sums[3])));
    }

    /// <summary>The ids of the largest logits, best first, the lower id first among equals; ids without a finite logit are left out.</summary>
    /// <returns>How many of <paramref name="ids"/> were filled.</returns>
    public static int TopK(ReadOnlySpan<float> row, Span<int> ids)
    {
        int count = 0;
        if (ids.IsEmpty) return 0;

        // ids is a heap with the worst kept id on top; whole vectors below it are skipped.
        Vector256<float> worst = Vector256.Create(float.NegativeInfinity);
        int i = 0;
        while (i < row.Length)
        {
            if (i <= row.Length - 8 && !Vector256.GreaterThanAny(Vector256.Create(row[i..]), worst))
            {
                i += 8;
                continue;
            }

            for (int end = Math.Min(i + 8, row.Length); i < end; i++)
            {
                if (!(row[i] > worst.ToScalar())) continue;
                if (count < ids.Length)
                {
                    ids[count++] = i;
                    SiftUp(row, ids, count - 1);
                }
                else
                {
                    ids[0] = i;
                    SiftDown(row, ids, 0, count);
                }

                if (count == ids.Length) worst = Vector256.Create(row[ids[0]]);
            }
        }

        for (int end = count - 1; end > 0; end--)
        {
            (ids[0], ids[end]) = (ids[end], ids[0]);
            SiftDown(row, ids, 0, end);
        }

        return count;
    }

    /// <summary>1 + the number of ids with a larger logit.</summary>
    public static int Rank(ReadOnlySpan<float> row, int id)
    {
        float value = float.IsNaN(row[id]) ? float.NegativeInfinity : row[id];
        Vector256<float> threshold = Vector256.Create(value);
        int larger = 0, i = 0;
        for (; i <= row.Length - 8; i += 8)
        {
            larger += BitOperations.PopCount(Vector256.GreaterThan(Vector256.Create(row[i..]), threshold).ExtractMostSignificantBits());
        }

        for (; i < row.Length; i++) larger += row[i] > value ? 1 : 0;
        return larger + 1;
    }

    private static float Max(ReadOnlySpan<float> row)
    {
        Vector256<float> max = Vector256.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= row.Length - 8; i += 8)
        {
            Vector256<float> x = Vector256.Create(row[i..]);
            max = Vector256.ConditionalSelect(Vector256.GreaterThan(x, max), x, max);
        }

        float result = VectorMath.Largest(max);
        for (; i < row.Length; i++) result = row[i] > result ? row[i] : result;
        return result;
    }

    private static Vector256<float> Tail(ReadOnlySpan<float> rest)
    {
        Span<float> padded = stackalloc float[8];
        padded.Fill(float.NegativeInfinity);
        rest.CopyTo(padded);
        return Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(padded));
    }

    private static void Accumulate(Vector256<float> x, Vector256<float> shift, ref Vector256<double> low, ref Vector256<double> high)
    {
        Vector256<float> e = VectorMath.Exp(x - shift);
        e &= Vector256.Equals(x, x);
        low += Vector256.WidenLower(e);
        high += Vector256.WidenUpper(e);
    }

    /// <summary>Whether id a is to be dropped before id b.</summary>
    private static bool Worse(ReadOnlySpan<float> row, int a, int b) => row[a] < row[b] || (row[a] == row[b] && a > b);

    private static void SiftUp(ReadOnlySpan<float> row, Span<int> heap, int node)
    {
        while (node > 0 && Worse(row, heap[node], heap[(node - 1) / 2]))
        {
            int parent = (node - 1) / 2;
            (heap[node], heap[parent]) = (heap[parent], heap[node]);
            node = parent;
        }
    }

    private static void SiftDown(ReadOnlySpan<float> row, Span<int> heap, int node, int count)
    {
        while (true)
        {
            int child = 2 * node + 1;
            if (child >= count) return;
            if (child + 1 < count && Worse(row, heap[child + 1], heap[child])) child++;
            if (!Worse(row, heap[child], heap[node])) return;
            (heap[node], heap[child]) = (heap[child], heap[node]);
            node = child;
        }
    }
}
