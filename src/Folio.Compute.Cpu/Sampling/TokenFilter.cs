using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>Temperature, min-p, top-k and top-p on one row, in place: ids that are dropped become −∞.</summary>
internal static unsafe class TokenFilter
{
    /// <summary>row / temperature; NaN becomes −∞. Where a logit is +∞ only such ids stay, as equals.</summary>
    /// <returns>The largest value.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Scale(float* row, int n, float temperature)
    {
        Vector256<float> nothing = Vector256.Create(float.NegativeInfinity), largest = nothing;
        int i = 0;
        for (; i <= n - 8; i += 8)
        {
            Vector256<float> z = Vector256.Load(row + i) / temperature + Vector256<float>.Zero; // adding zero makes −0 equal 0 in its bits too
            z = Vector256.ConditionalSelect(Vector256.Equals(z, z), z, nothing);
            largest = Vector256.MaxNative(largest, z);
            z.Store(row + i);
        }

        float max = VectorMath.Largest(largest);
        for (; i < n; i++)
        {
            float z = row[i] / temperature + 0f;
            row[i] = float.IsNaN(z) ? float.NegativeInfinity : z;
            max = MathF.Max(max, row[i]);
        }

        if (max != float.PositiveInfinity) return max;
        for (i = 0; i < n; i++) row[i] = row[i] == float.PositiveInfinity ? 0 : float.NegativeInfinity;
        return 0;
    }

    /// <summary>The three filters on a scaled row. Each raises the value below which ids are dropped.</summary>
    public static void Apply(float* row, int n, float max, float minP, int topK, float topP)
    {
        float floor = float.NegativeInfinity;
        if (minP > 0) floor = Math.Min(max, max + MathF.Log(minP));
        if (topK > 0 && topK < n) floor = TopK.Find(row, n, floor, topK);

        int drop = 0;
        if (topP < 1)
        {
            LogitSelect.Cut cut = TopP.Find(row, n, floor, max, topP);
            floor = cut.Value;
            drop = cut.Ties;
        }

        if (floor > float.NegativeInfinity) DropBelow(row, n, floor);
        for (int i = n - 1; drop > 0; i--)
        {
            // Of equals at the cut the lowest ids stay.
            if (row[i] != floor) continue;
            row[i] = float.NegativeInfinity;
            drop--;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DropBelow(float* row, int n, float floor)
    {
        Vector256<float> nothing = Vector256.Create(float.NegativeInfinity), limit = Vector256.Create(floor);
        int i = 0;
        for (; i <= n - 8; i += 8)
        {
            Vector256<float> z = Vector256.Load(row + i);
            Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(z, limit), z, nothing).Store(row + i);
        }

        for (; i < n; i++) row[i] = row[i] >= floor ? row[i] : float.NegativeInfinity;
    }
}
