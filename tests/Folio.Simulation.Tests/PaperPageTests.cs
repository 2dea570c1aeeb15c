using Folio.Paper;
using Folio.Paper.Charts;

namespace Folio.Simulation.Tests;

/// <summary>The program that makes docs/paper.</summary>
public sealed class PaperPageTests
{
    [Fact]
    public void The_same_seed_draws_the_same_bytes()
    {
        Assert.Equal(Draw(), Draw());

        static string Draw() => LatencyCurve.Draw("twice", [LatencyCurve.Of(
            SimulatedEngine.Of(ServingSystem.OrcaOracle, Deployment.Opt13B), rate => PaperWorkloads.ShareGpt(rate, seconds: 200, seed: 4), guess: 1.2)]);
    }

    [Fact]
    public void A_table_replaces_what_stood_between_its_marks_and_nothing_else()
    {
        string repository = Path.Combine(Path.GetTempPath(), $"folio-paper-{Environment.ProcessId}");
        string file = Path.Combine(Directory.CreateDirectory(Path.Combine(repository, "docs", "paper")).FullName, "README.md");
        try
        {
            File.WriteAllText(file, "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n");
            var table = new MarkdownTable("x", "y");
            table.Add("1", "2");
            var page = new Page(repository);
            page.Table("a", table);
            page.Table("a", table);
            Assert.Equal("before\n<!-- a -->\n\n| x | y |\n| --- | ---: |\n| 1 | 2 |\n\n<!-- /a -->\nafter\n", File.ReadAllText(file));
            File.WriteAllText(file, "| a <!-- n -->1 %<!-- /n --> of it |\n");
            page.Number("n", "98 %");
            Assert.Equal("| a <!-- n -->98 %<!-- /n --> of it |\n", File.ReadAllText(file));
            Assert.Contains("<!-- b -->", Assert.Throws<FolioException>(() => page.Table("b", table)).Message);
        }
        finally
        {
            Directory.Delete(repository, recursive: true);
        }
    }

    [Fact]
    public void A_figure_that_is_not_known_is_answered_with_those_that_are()
    {
        Assert.Equal(["fig2", "real"], FigureList.Named(["real", "fig2"]).Select(figure => figure.Name));
        Assert.Equal(FigureList.All, FigureList.Named([]));
        Assert.Contains("fig2, fig12", Assert.Throws<FolioException>(() => FigureList.Named(["fig2", "fig20"])).Message);
    }

    [Fact]
    public void Pictures_follow_the_readers_scheme_and_are_well_formed()
    {
        string[] pictures =
        [
            new LineChart("a < b & c", "x", "y", 1, [new("s", [(0, 0.1), (1, 0.5), (2, 7)])]).Draw(),
            new BarChart("bars", "%", 100, ["one", "two"], ["s", "t"], [[1, 2], [3, 4]], Stacked: true).Draw(),
        ];
        Assert.All(pictures, picture =>
        {
            Assert.Contains("prefers-color-scheme:dark", picture);
            System.Xml.Linq.XDocument.Parse(picture);
        });
    }

    [Theory]
    [InlineData(1, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(40, new double[] { 0, 10, 20, 30, 40 })]
    public void Ticks_are_round_numbers(double most, double[] expected) => Assert.Equal(expected, Canvas.Ticks(most).Select(tick => Math.Round(tick, 9)));
}
