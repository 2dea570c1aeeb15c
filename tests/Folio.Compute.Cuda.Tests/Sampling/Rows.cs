namespace Folio.Compute.Cuda.Tests.Sampling;

internal enum RowKind
{
    Gauss,
    Peaked,
    Tied,
    Equal,
    OnBounds,
    WithInfinity,
    WithHoles,
    Nothing,
    Count,
}

/// <summary>Rows of logits of the kinds that filters and draws must tell apart.</summary>
internal static class Rows
{
    public static float[] Of(RowKind kind, int vocabulary, Random random)
    {
        float scale = kind == RowKind.Peaked ? 12 : (float)Math.Pow(10, random.NextDouble() * 2 - 1);
        float[] row = [.. Enumerable.Range(0, vocabulary).Select(_ => scale * Gauss(random))];
        if (kind == RowKind.Tied) row = [.. row.Select(value => MathF.Round(value))];
        if (kind == RowKind.Equal) Array.Fill(row, -3.25f);
        if (kind == RowKind.OnBounds) row = [0, .. row.Skip(1).Select(_ => -random.GetItems([2.5f, 5, 6, 8, 9, 12, 13], 1)[0])];
        for (int i = 0; i < vocabulary; i++)
        {
            if (kind == RowKind.Nothing || (kind == RowKind.WithHoles && i % 3 != 1)) row[i] = i % 2 == 0 ? float.NaN : float.NegativeInfinity;
            if (kind == RowKind.WithInfinity && random.Next(vocabulary) < 4) row[i] = float.PositiveInfinity;
        }

        return row;
    }

    private static float Gauss(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
