using System.Globalization;

namespace Folio.Simulation;

/// <summary>What users are promised: times that the given share of first tokens, and of gaps between tokens, must keep.</summary>
/// <param name="FirstToken">Seconds from arrival to the first token. Where nothing is said it is five, or a queue might grow for ever.</param>
/// <param name="Gap">Seconds between two tokens of an answer.</param>
/// <param name="Share">Of all first tokens, and of all gaps.</param>
public sealed record ServiceLevel(double FirstToken = 5, double Gap = double.PositiveInfinity, double Share = 0.95)
{
    public const string Form = "ttft=500ms,itl=50ms,share=95%";

    /// <summary>Seconds. Where first tokens may come later still, no queue is too long, and any rate would be sustained for a while.</summary>
    public const double LatestFirstToken = 60;

    /// <exception cref="FolioException">The text isn't like <see cref="Form"/>.</exception>
    public static ServiceLevel Parse(string text)
    {
        var level = new ServiceLevel();
        bool promises = false;
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=', StringSplitOptions.TrimEntries);
            if (pair.Length != 2) throw Wrong(part);
            promises |= !pair[0].Equals("share", StringComparison.OrdinalIgnoreCase);
            level = pair[0].ToLowerInvariant() switch
            {
                "ttft" => level with { FirstToken = Seconds(part, pair[1]) },
                "itl" or "tpot" => level with { Gap = Seconds(part, pair[1]) },
                "share" => level with { Share = Percent(part, pair[1]) },
                _ => throw Wrong(part),
            };
        }

        if (!promises) throw Wrong(text);
        if (level.FirstToken > LatestFirstToken) throw new FolioException($"'{text}' lets a first token take {level.FirstToken:0.#} s; at most {LatestFirstToken:0} s can be planned for.");
        return level;
    }

    /// <summary>Whether this is what users would have got.</summary>
    public bool IsKept(SimulationResult result) => result.Unserved + result.Rejected == 0 && result.FirstTokens.Quantile(Share) <= FirstToken && result.Gaps.Quantile(Share) <= Gap;

    private static double Seconds(string part, string value)
    {
        (string digits, double unit) = value.EndsWith("ms", StringComparison.OrdinalIgnoreCase) ? (value[..^2], 1e-3) : value.EndsWith('s') ? (value[..^1], 1) : throw Wrong(part);
        return Number(digits) is > 0 and var number ? number * unit : throw Wrong(part);
    }

    private static double Percent(string part, string value) =>
        value.EndsWith('%') && Number(value[..^1]) is > 0 and < 100 and var percent ? percent / 100 : throw Wrong(part);

    private static double? Number(string digits) => double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;

    private static FolioException Wrong(string part) => new($"'{part}' is not a service level; write it like {Form}.");
}
