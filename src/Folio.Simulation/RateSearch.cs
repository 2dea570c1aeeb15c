namespace Folio.Simulation;

/// <summary>The highest rate that something sustains.</summary>
public static class RateSearch
{
    /// <param name="sustains">Whether a rate is sustained; true below some rate and false above.</param>
    /// <param name="start">A first guess, above 0.</param>
    /// <param name="precision">How near the answer is, as a share of it.</param>
    /// <returns>A rate that is sustained; 0 if none above a thousandth of the guess is.</returns>
    /// <exception cref="FolioException">Even a million times the guess is sustained.</exception>
    public static double Highest(Func<double, bool> sustains, double start, double precision = 0.02)
    {
        double low = 0, high = start;
        if (sustains(start))
        {
            for (low = start; sustains(high = low * 1.6); low = high)
            {
                if (high > start * 1e6) throw new FolioException($"{high:0} requests a second are sustained, and so would be any rate: there is no highest.");
            }
        }
        else
        {
            while (low == 0)
            {
                double middle = high / 1.6;
                if (middle < start / 1000) return 0;
                if (sustains(middle)) low = middle;
                else high = middle;
            }
        }

        while (high / low - 1 > precision)
        {
            double middle = Math.Sqrt(low * high);
            if (sustains(middle)) low = middle;
            else high = middle;
        }

        return low;
    }
}
