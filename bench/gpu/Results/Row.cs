namespace Folio.GpuBench;

/// <summary>A result as people read it.</summary>
internal readonly record struct Row(string Name, string Value, string Held, string Wanted, string Verdict, string Remark)
{
    /// <param name="all">Among which its limit is.</param>
    public static Row Of(Result result, IReadOnlyList<Result> all)
    {
        Result? limit = result.Limit is null ? null : all.FirstOrDefault(other => other.Kind == ResultKind.Limit && other.Name == result.Limit);
        double? share = result.Rate / limit?.Value;
        string remark = result.Text ?? "";
        return result.Kind switch
        {
            ResultKind.Check => new(result.Name, Number(result.Error), "", $"≤ {Number(result.Allowed)}", result.Passed is true ? "right" : "WRONG", remark),
            ResultKind.Failure => new(result.Name, "", "", "", "FAILED", remark),
            ResultKind.Missing => new(result.Name, "", "", "", "not there", remark),
            ResultKind.Fact => new(result.Name, remark, "", "", "", ""),
            _ => new(result.Name, Measured(result), Share(result, limit, share), WantedOf(result), VerdictOf(result, share), remark),
        };
    }

    public override string ToString() => string.Join("  ", new[] { Name, Value, Held, Wanted, Verdict, Remark }.Where(part => part.Length > 0));

    /// <summary>Three digits, or all of a whole number.</summary>
    public static string Number(double? value) => value switch
    {
        null => "",
        0 => "0",
        { } number when Math.Abs(number) is >= 100 and < 1e9 => FormattableString.Invariant($"{number:#,0}"),
        { } number when Math.Abs(number) is >= 10 and < 100 => FormattableString.Invariant($"{number:0.0}"),
        { } number when Math.Abs(number) is >= 0.01 and < 10 => FormattableString.Invariant($"{number:0.00}"),
        { } number => FormattableString.Invariant($"{number:0.0e+0}"),
    };

    private static string Measured(Result result)
    {
        string range = result.Runs > 1 ? $" ({Number(result.Low)}–{Number(result.High)})" : "";
        return $"{Number(result.Value)}{range} {result.Unit}";
    }

    private static string Share(Result result, Result? limit, double? share)
    {
        if (result.Rate is null || limit is null) return "";
        string of = FormattableString.Invariant($"{share:0 %} of {result.Limit}");
        return limit.Unit == result.Unit ? of : $"{Number(result.Rate)} {limit.Unit}, {of}";
    }

    private static string WantedOf(Result result) => (result.WantedShare, result.Wanted) switch
    {
        ({ } share, _) => FormattableString.Invariant($"≥ {share:0 %} of {result.Limit}"),
        (_, { } value) => $"{(result.AtMost ? '≤' : '≥')} {Number(value)} {result.Unit}",
        _ => "",
    };

    private static string VerdictOf(Result result, double? share)
    {
        bool? met = (result.WantedShare, result.Wanted) switch
        {
            ({ } wanted, _) => share >= wanted,
            (_, { } wanted) => result.AtMost ? result.Value <= wanted : result.Value >= wanted,
            _ => null,
        };
        return met switch { true => "met", false => "not met", null => "" };
    }
}
