using System.Globalization;

namespace Folio.Bench;

/// <summary>What a request must keep to count as good; milliseconds, null where nothing is asked.</summary>
internal sealed record Goodput(double? FirstToken, double? TimePerToken, double? Latency)
{
    /// <param name="pairs">ttft:500 tpot:50 e2el:2000</param>
    /// <returns>Null: there are none.</returns>
    /// <exception cref="FolioException">One can't be read.</exception>
    public static Goodput? Parse(IReadOnlyList<string> pairs)
    {
        var goodput = new Goodput(null, null, null);
        foreach (string pair in pairs)
        {
            bool read = double.TryParse(pair[(pair.IndexOf(':') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds) && milliseconds >= 0;
            goodput = (read ? pair[..Math.Max(0, pair.IndexOf(':'))] : "") switch
            {
                "ttft" => goodput with { FirstToken = milliseconds },
                "tpot" => goodput with { TimePerToken = milliseconds },
                "e2el" => goodput with { Latency = milliseconds },
                _ => throw new FolioException($"--goodput has '{pair}'; ttft, tpot or e2el, a colon and milliseconds were expected, as in ttft:500."),
            };
        }

        return pairs.Count == 0 ? null : goodput;
    }

    public bool IsKeptBy(RequestOutcome outcome) => Within(outcome.FirstToken, FirstToken) && Within(outcome.TimePerToken, TimePerToken) && Within(outcome.Latency, Latency);

    private static bool Within(double seconds, double? most) => most is null || seconds * 1000 <= most;
}
