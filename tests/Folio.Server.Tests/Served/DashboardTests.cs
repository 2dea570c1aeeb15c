using System.Text.Json;
using System.Text.RegularExpressions;

namespace Folio.Server.Tests;

/// <summary>deploy/grafana/folio.json asks for nothing that the server doesn't tell.</summary>
public sealed partial class DashboardTests(ServedFixture served) : IClassFixture<ServedFixture>
{
    private static readonly string[] s_promql = ["sum", "max", "rate", "histogram_quantile", "by", "label_values"];

    private static readonly string[] s_prometheus = ["job", "instance"]; // labels that it adds itself

    [Fact]
    public async Task Each_metric_and_label_of_the_dashboard_is_on_the_page()
    {
        (await served.Server.CompleteAsync(new { prompt = "Once", max_tokens = 2, ignore_eos = true })).Ok();
        Exposition page = Exposition.Read((await served.Server.GetAsync("/metrics")).Ok().Text);
        string[] queries = [.. Queries(JsonElement.Parse(File.ReadAllText(Path.Combine(TestData.Repository, "deploy", "grafana", "folio.json"))))];
        Assert.True(queries.Length > 50, $"{queries.Length} queries");
        foreach (string query in queries)
        {
            string bare = Selector().Replace(By().Replace(Listed().Replace(query, "${name}"), " "), " ");
            string[] names = [.. Word().Matches(bare).Select(match => match.Value).Except(s_promql)];
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.True(page.Names.Contains(name), $"{name} is on no page: {query}"));
            string[] labels = [.. By().Matches(query).Concat(Listed().Matches(query)).SelectMany(match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries)), .. Selector().Matches(query).SelectMany(match => Label().Matches(match.Value)).Select(match => match.Groups["label"].Value)];
            Assert.All(labels.Except(s_prometheus), label => Assert.True(names.All(name => page.LabelsOf(name).Contains(label)), $"no label {label}: {query}"));
        }
    }

    /// <summary>What panels and variables ask Prometheus for.</summary>
    private static IEnumerable<string> Queries(JsonElement dashboard) =>
    [
        .. dashboard.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row").SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!),
        .. dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Where(variable => variable.GetProperty("type").GetString() == "query").Select(variable => variable.GetProperty("definition").GetString()!),
    ];

    [GeneratedRegex(@"by \((?<labels>[^)]*)\)")]
    private static partial Regex By();

    [GeneratedRegex(@"label_values\((?<name>.+), (?<labels>\w+)\)")]
    private static partial Regex Listed();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<label>\w+)(=~|!~|!=|=)")]
    private static partial Regex Label();

    [GeneratedRegex(@"[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Word();
}
