using System.Text;

namespace Folio.GpuBench;

/// <summary>All results as a section of docs/performance-gpu.md.</summary>
internal sealed class Report(IReadOnlyList<Result> results, Options options)
{
    /// <summary>Checks of a part that are all shown; of more, those that are wrong and the nearest to being so.</summary>
    private const int MostChecks = 24, NearestShown = 8;

    public override string ToString()
    {
        var text = new StringBuilder();
        string card = results.FirstOrDefault(result => result.Name == Facts.Card)?.Text ?? "a card that hasn't told its name";
        text.AppendLine($"## {card}, {DateTime.UtcNow:yyyy-MM-dd}").AppendLine();
        if (options.Tiny) text.AppendLine("Sizes are tiny: this shows that the bench runs, and none of its figures means anything.").AppendLine();
        text.AppendLine(Summary()).AppendLine();
        foreach (PartEntry part in PartList.All.Append(Peers.Entry))
        {
            Result[] own = [.. results.Where(result => result.Part == part.Name)];
            if (own.Length > 0) Append(text, part, own);
        }

        return text.ToString().TrimEnd() + "\n";
    }

    private string Summary()
    {
        Result[] checks = [.. results.Where(result => result.Kind == ResultKind.Check)];
        string[] verdicts = [.. results.Where(result => result.Kind == ResultKind.Figure).Select(result => Row.Of(result, results).Verdict)];
        int wrong = checks.Count(check => check.IsWrong), failed = results.Count(result => result.Kind == ResultKind.Failure);
        return $"{checks.Length} checks, {wrong} wrong; {failed} items failed; of {verdicts.Length} figures, {verdicts.Count(verdict => verdict == "met")} are what was wanted and {verdicts.Count(verdict => verdict == "not met")} aren't.";
    }

    private void Append(StringBuilder text, PartEntry part, Result[] own)
    {
        text.AppendLine($"### {part.Title}").AppendLine();
        Table(text, own, ["", ""], [ResultKind.Fact], row => [row.Name, row.Value]);
        Table(text, own, ["", "median (range)", "share", "wanted", "", ""], [ResultKind.Limit, ResultKind.Figure], row => [row.Name, row.Value, row.Held, row.Wanted, row.Verdict, row.Remark]);
        Table(text, ShownChecks(text, own), ["", "largest error", "allowed", "", ""], [ResultKind.Check], row => [row.Name, row.Value, row.Wanted, row.Verdict, row.Remark]);
        foreach (Result result in own.Where(result => result.Kind is ResultKind.Failure or ResultKind.Missing)) text.AppendLine($"- {Cell(Row.Of(result, results).ToString())}");
        if (text[^2] != '\n') text.AppendLine();
    }

    private static Result[] ShownChecks(StringBuilder text, Result[] own)
    {
        Result[] checks = [.. own.Where(result => result.Kind == ResultKind.Check)], right = [.. checks.Where(check => !check.IsWrong)];
        if (checks.Length <= MostChecks) return checks;
        HashSet<Result> shown = [.. checks.Except(right), .. right.OrderByDescending(check => check.Error / check.Allowed is var share and > 0 ? share : 0).Take(NearestShown)];
        text.AppendLine($"{right.Length} of {checks.Length} checks are right (all of them: results.json). The others, and those of the right ones that use most of what is allowed:").AppendLine();
        return [.. checks.Where(shown.Contains)];
    }

    private void Table(StringBuilder text, Result[] own, string[] heads, ResultKind[] kinds, Func<Row, string[]> cells)
    {
        string[][] rows = [.. own.Where(result => kinds.Contains(result.Kind)).Select(result => cells(Row.Of(result, results)))];
        if (rows.Length == 0) return;
        text.AppendLine($"| {string.Join(" | ", heads)} |").AppendLine($"| {string.Join(" | ", heads.Select(_ => "---"))} |");
        foreach (string[] row in rows) text.AppendLine($"| {string.Join(" | ", row.Select(Cell))} |");
        text.AppendLine();
    }

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|");
}
