using System.Globalization;
using System.Text.RegularExpressions;

namespace Folio.Server.Tests;

/// <summary>A reader of Prometheus' text format 0.0.4 that lets nothing pass.</summary>
/// <remarks>Source: the format's page in Prometheus' documentation (exposition formats, text-based format).</remarks>
public sealed partial class Exposition
{
    private readonly Dictionary<string, string> _types = [];
    private readonly Dictionary<string, double> _samples = []; // by name and labels in order

    private Exposition() { }

    /// <summary>Every name that a query may have: of series, of buckets, of sums and counts.</summary>
    public IReadOnlySet<string> Names => _samples.Keys.Select(key => key[..key.IndexOf('{')]).ToHashSet();

    /// <summary>Type by the name of a metric.</summary>
    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>The sum of all series of that name with these labels.</summary>
    public double this[string name, params (string Name, string Value)[] labels] => _samples
        .Where(sample => sample.Key.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => sample.Key.Contains($"{label.Name}=\"{label.Value}\"")))
        .Sum(sample => sample.Value);

    public IEnumerable<string> LabelsOf(string name) => _samples.Keys.Where(key => key.StartsWith(name + "{", StringComparison.Ordinal)).SelectMany(key => Label().Matches(key).Select(match => match.Groups["name"].Value)).Distinct();

    /// <summary>Upper bounds of a histogram's buckets, without the last.</summary>
    public IReadOnlyList<double> Bounds(string name) =>
        [.. _samples.Keys.Where(key => key.StartsWith(name + "_bucket{", StringComparison.Ordinal)).Select(key => Number(LeLabel().Match(key).Groups["bound"].Value)).Where(double.IsFinite).Distinct().Order()];

    public static Exposition Read(string text)
    {
        Assert.EndsWith("\n", text);
        Assert.DoesNotContain('\r', text);
        var page = new Exposition();
        string family = "";
        bool isDescribed = false;
        foreach (string line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                family = help.Groups["name"].Value;
                Assert.False(page._types.ContainsKey(family), $"{family} is described twice, or its series are apart");
                Assert.DoesNotMatch(@"\\(?![\\n])", help.Groups["text"].Value);
                isDescribed = true;
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                Assert.True(isDescribed && family == type.Groups["name"].Value, $"{line}: not behind its HELP");
                page._types.Add(family, type.Groups["type"].Value);
                isDescribed = false;
            }
            else
            {
                page.Add(line, family);
            }
        }

        foreach ((string name, string type) in page._types) page.Check(name, type);
        return page;
    }

    private void Add(string line, string family)
    {
        Match sample = Sample().Match(line);
        Assert.True(sample.Success, $"not a sample: {line}");
        string name = sample.Groups["name"].Value, labels = sample.Groups["labels"].Value, type = _types[family];
        string[] suffixes = type == "histogram" ? ["_bucket", "_count", "_sum"] : [""];
        Assert.Contains(name, suffixes.Select(suffix => family + suffix));
        string[] names = [.. Label().Matches(labels).Select(match => match.Groups["name"].Value)];
        Assert.Equal(names.Distinct(), names);
        Assert.True(_samples.TryAdd($"{name}{{{labels}}}", Number(sample.Groups["value"].Value)), $"twice: {line}");
    }

    private void Check(string name, string type)
    {
        if (type == "counter") Assert.All(_samples.Where(sample => sample.Key.StartsWith(name + "{", StringComparison.Ordinal)), sample => Assert.True(sample.Value >= 0, sample.Key));
        if (type != "histogram") return;
        foreach (IGrouping<string, KeyValuePair<string, double>> series in _samples.Where(sample => sample.Key.StartsWith(name + "_bucket{", StringComparison.Ordinal)).GroupBy(sample => LeLabel().Replace(sample.Key, "")))
        {
            (double Bound, double Count)[] buckets = [.. series.Select(sample => (Number(LeLabel().Match(sample.Key).Groups["bound"].Value), sample.Value))];
            Assert.Equal(buckets.OrderBy(bucket => bucket.Bound), buckets);
            Assert.Equal(buckets.OrderBy(bucket => bucket.Count), buckets);
            Assert.True(double.IsPositiveInfinity(buckets[^1].Bound), $"{series.Key} has no bucket for all");
            string rest = series.Key[(series.Key.IndexOf('{') + 1)..].Replace(",}", "}").Replace("{,", "{");
            Assert.Equal(buckets[^1].Count, _samples[$"{name}_count{{{rest}"]);
            Assert.True(_samples.ContainsKey($"{name}_sum{{{rest}"), $"{name} has no sum");
        }
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("""^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.+)$""")]
    private static partial Regex Help();

    [GeneratedRegex("""^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$""")]
    private static partial Regex Type();

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*")*)\})? (?<value>[-+]?([0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|Inf)|NaN)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=\"([^\"\\\\]|\\\\[\"\\\\n])*\"")]
    private static partial Regex Label();

    [GeneratedRegex(",?(?<![a-z_])le=\"(?<bound>[^\"]*)\"")]
    private static partial Regex LeLabel();
}
