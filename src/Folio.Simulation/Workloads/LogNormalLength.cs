namespace Folio.Simulation;

/// <summary>Lengths of texts: log-normal, rounded, clipped to [1, most], with the given mean after clipping.</summary>
public sealed class LogNormalLength
{
    private readonly double _mu;
    private readonly double _sigma;
    private readonly int _most;

    /// <param name="mean">Tokens, after clipping.</param>
    /// <param name="sigma">The standard deviation of the logarithm.</param>
    /// <param name="most">Tokens at most.</param>
    public LogNormalLength(double mean, double sigma, int most)
    {
        (_sigma, _most) = (sigma, most);
        double low = Math.Log(mean) - 4 * sigma * sigma - 1, high = Math.Log(mean) + 1;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if (ClippedMean(middle) < mean) low = middle;
            else high = middle;
        }

        _mu = (low + high) / 2;
    }

    public int Draw(Draws draws) => Clip(Math.Exp(_mu + _sigma * draws.NextNormal()));

    private int Clip(double length) => (int)Math.Clamp(Math.Round(length), 1, _most);

    /// <summary>The mean by summation over the normal density.</summary>
    private double ClippedMean(double mu)
    {
        const int steps = 2000;
        const double reach = 8, width = 2 * reach / steps;
        double sum = 0, weights = 0;
        for (int i = 0; i < steps; i++)
        {
            double z = -reach + (i + 0.5) * width, weight = Math.Exp(-z * z / 2);
            sum += weight * Clip(Math.Exp(mu + _sigma * z));
            weights += weight;
        }

        return sum / weights;
    }
}
