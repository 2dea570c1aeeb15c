namespace Folio.Simulation;

/// <summary>One step that was really run, and how long it took.</summary>
public readonly record struct MeasuredStep(StepWork Work, double Seconds);

/// <summary>A step's time on a machine that was measured: piecewise linear in the token rows, linear in what is sampled and in the pairs of attention.</summary>
/// <remarks>
/// seconds = Σ coefficient · feature over: 1, tokens, tokens above each of three bends, samples, attention pairs. Products with few rows are bound by reading weights, with many by
/// arithmetic; the bends follow that without knowing the machine. Fitted by least squares of the relative error, so that short steps count as much as long ones.
/// </remarks>
public sealed class MeasuredCost : IStepCost
{
    private const int Features = 7;
    private static readonly int[] s_bends = [4, 16, 64];

    private readonly double[] _coefficients;

    /// <param name="steps">Steps of all the sizes that will be asked for.</param>
    /// <exception cref="FolioException">There are too few.</exception>
    public MeasuredCost(IReadOnlyList<MeasuredStep> steps)
    {
        if (steps.Count < 10 * Features) throw new FolioException($"a profile of {steps.Count} steps is too short; {10 * Features} or more are needed.");
        var normal = new double[Features, Features + 1]; // the normal equations, with their right side
        Span<double> features = stackalloc double[Features];
        foreach ((StepWork work, double seconds) in steps)
        {
            Describe(work, features);
            double weight = 1 / (seconds * seconds);
            for (int row = 0; row < Features; row++)
            {
                for (int column = 0; column < Features; column++) normal[row, column] += weight * features[row] * features[column];
                normal[row, Features] += weight * features[row] * seconds;
            }
        }

        _coefficients = Solve(normal);
    }

    public double Seconds(in StepWork work)
    {
        Span<double> features = stackalloc double[Features];
        Describe(work, features);
        double seconds = 0;
        for (int i = 0; i < Features; i++) seconds += _coefficients[i] * features[i];
        return Math.Max(1e-6, seconds);
    }

    private static void Describe(in StepWork work, Span<double> features)
    {
        features[0] = 1;
        features[1] = work.Tokens;
        for (int bend = 0; bend < s_bends.Length; bend++) features[2 + bend] = Math.Max(0, work.Tokens - s_bends[bend]);
        features[5] = work.Samples;
        features[6] = work.AttentionPairs;
    }

    /// <summary>Gauss and Jordan, with a trace on the diagonal so that features that never varied do no harm.</summary>
    private static double[] Solve(double[,] normal)
    {
        for (int pivot = 0; pivot < Features; pivot++)
        {
            normal[pivot, pivot] *= 1 + 1e-9;
            double divisor = normal[pivot, pivot];
            if (divisor == 0) continue;
            for (int column = 0; column <= Features; column++) normal[pivot, column] /= divisor;
            for (int row = 0; row < Features; row++)
            {
                double factor = normal[row, pivot];
                if (row == pivot || factor == 0) continue;
                for (int column = 0; column <= Features; column++) normal[row, column] -= factor * normal[pivot, column];
            }
        }

        return [.. Enumerable.Range(0, Features).Select(row => normal[row, Features])];
    }
}
