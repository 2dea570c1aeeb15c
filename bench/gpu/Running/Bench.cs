using System.Diagnostics;
using System.Text.Json;

namespace Folio.GpuBench;

/// <summary>Runs all parts, each in processes of its own, and writes down what has come so far after each.</summary>
internal sealed class Bench(Options options)
{
    private readonly List<Result> _results = [];

    /// <returns>Whether nothing was wrong.</returns>
    public bool Run()
    {
        Directory.CreateDirectory(options.Out);
        var watch = Stopwatch.StartNew();
        var process = new PartProcess(Environment.ProcessPath!, Keep);
        bool hasCard = true;
        foreach (PartEntry part in PartList.All.Where(part => options.Parts.Length == 0 || options.Parts.Contains(part.Name)))
        {
            if (!hasCard) break; // told once
            double left = options.Seconds - watch.Elapsed.TotalSeconds;
            Console.WriteLine($"\n== {part.Title} ({watch.Elapsed.TotalSeconds:0} s)");
            if (left < 2) Keep(new(ResultKind.Failure, part.Name) { Part = part.Name, Text = "no time was left" });
            else hasCard = process.Run(part.Name, TimeSpan.FromSeconds(Math.Min(left, options.Size(part.Seconds, left))), from => options.ArgumentsFor(part.Name, from));
            Write();
        }

        if (hasCard) Peers.Run(options, TimeSpan.FromSeconds(options.Seconds) - watch.Elapsed, Keep);
        Write();
        int wrong = _results.Count(result => result.IsWrong);
        Console.WriteLine($"\n{options.Out}/report.md, {options.Out}/results.json: {_results.Count} results in {watch.Elapsed.TotalSeconds:0} s, {wrong} wrong");
        return wrong == 0;
    }

    private void Keep(Result result)
    {
        lock (_results) _results.Add(result);
        Console.WriteLine(Row.Of(result, _results).ToString());
    }

    private void Write()
    {
        lock (_results)
        {
            File.WriteAllText(Path.Combine(options.Out, "report.md"), new Report(_results, options).ToString());
            File.WriteAllText(Path.Combine(options.Out, "results.json"), "[\n" + string.Join(",\n", _results.Select(result => JsonSerializer.Serialize(result, ResultJson.Default.Result))) + "\n]\n");
        }
    }
}
