using System.Text.Json;

namespace Folio.GpuBench;

/// <summary>What a part has to say, a line of JSON each on standard output, as it comes.</summary>
internal sealed class ResultLog(TextWriter output)
{
    public void Write(Result result)
    {
        output.WriteLine(JsonSerializer.Serialize(result, ResultJson.Default.Result));
        output.Flush();
    }

    public void Begin(int item, string name) => Write(new(ResultKind.Begun, name) { Item = item });

    public void Fact(string name, string text) => Write(new(ResultKind.Fact, name) { Text = text });

    public void Limit(string name, Samples seconds, double work, string unit) => Write(Timed(new(ResultKind.Limit, name) { Unit = unit }, seconds, work));

    /// <param name="error">Not a number never passes.</param>
    public void Check(string name, double error, double allowed, string? text = null) =>
        Write(new(ResultKind.Check, name) { Error = error, Allowed = allowed, Passed = error <= allowed, Text = text });

    public void Missing(string name, string why) => Write(new(ResultKind.Missing, name) { Text = why });

    public void Fail(string name, string why) => Write(new(ResultKind.Failure, name) { Text = why });

    /// <summary>How often a second something was done, or how much of it.</summary>
    /// <param name="seconds">What it took.</param>
    /// <param name="work">Of what it took: tokens, 10⁹ bytes.</param>
    public void Figure(string name, Samples seconds, double work, string unit, Func<Result, Result>? more = null)
    {
        Result result = Timed(new(ResultKind.Figure, name) { Unit = unit }, seconds, work);
        Write(more is null ? result : more(result));
    }

    /// <summary>How long something took.</summary>
    public void Time(string name, Samples seconds, double unitsOfASecond, string unit, Func<Result, Result>? more = null)
    {
        var result = new Result(ResultKind.Figure, name)
        {
            Value = seconds.Median * unitsOfASecond,
            Low = seconds.Low * unitsOfASecond,
            High = seconds.High * unitsOfASecond,
            Runs = seconds.Runs,
            Unit = unit,
            AtMost = true,
        };
        Write(more is null ? result : more(result));
    }

    private static Result Timed(Result result, Samples seconds, double work) =>
        result with { Value = work / seconds.Median, Low = work / seconds.High, High = work / seconds.Low, Runs = seconds.Runs };
}
