using System.Runtime.InteropServices;

namespace Folio.Bench;

/// <summary>Of all scored positions: e^(mean of −log p of the text's token), the share whose likeliest token is the reference's, and the mean divergence from the reference's distribution.</summary>
internal readonly record struct Score(double Perplexity, double Agreement, double Divergence);

/// <summary>Takes the logits of a scored position. Many threads may call it at once, for different positions.</summary>
internal unsafe delegate void TakeRow(int position, float* logits);

/// <summary>Holds rows of logits against those of the run that came first.</summary>
internal sealed unsafe class ReferenceScores(ScoredText text) : IDisposable
{
    /// <summary>Ids that the reference holds e⁻¹⁶ times as likely as its likeliest, or less, don't enter the divergence: llama-perplexity's file doesn't tell them apart.</summary>
    private const float Spread = 16;

    private readonly float* _reference = (float*)NativeMemory.Alloc((nuint)text.Positions * (nuint)text.Vocabulary * sizeof(float)); // [positions, vocabulary] log-probabilities
    private readonly int[] _likeliest = new int[text.Positions];
    private bool _known;

    /// <param name="run">Gives the rows of all positions. The first such run is the reference.</param>
    /// <param name="normalized">Rows are logarithms of probabilities.</param>
    public Score Hold(Action<TakeRow> run, bool normalized = false)
    {
        var surprise = new double[text.Positions];
        var divergence = new double[text.Positions];
        var agrees = new bool[text.Positions];
        bool first = !_known;
        run((position, logits) =>
        {
            int n = text.Vocabulary, likeliest = Likeliest(logits, n);
            double offset = normalized ? 0 : LogSumExp(logits, n, logits[likeliest]);
            float* reference = _reference + (long)position * n;
            if (first)
            {
                for (int i = 0; i < n; i++) reference[i] = (float)(logits[i] - offset);
                _likeliest[position] = likeliest;
            }

            surprise[position] = offset - logits[text.Target(position)];
            divergence[position] = Divergence(reference, reference[_likeliest[position]] - Spread, logits, n, offset);
            agrees[position] = likeliest == _likeliest[position];
        });
        _known = true;
        return new(Math.Exp(surprise.Average()), agrees.Average(same => same ? 1.0 : 0), divergence.Average());
    }

    public void Dispose() => NativeMemory.Free(_reference);

    private static int Likeliest(float* logits, int n)
    {
        int best = 0;
        for (int i = 1; i < n; i++) best = logits[i] > logits[best] ? i : best;
        return best;
    }

    private static double LogSumExp(float* logits, int n, float max)
    {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += MathF.Exp(logits[i] - max);
        return max + Math.Log(sum);
    }

    private static double Divergence(float* reference, float least, float* logits, int n, double offset)
    {
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            if (reference[i] > least) sum += MathF.Exp(reference[i]) * (reference[i] - (logits[i] - offset));
        }

        return sum;
    }
}
