namespace Folio.Compare;

/// <summary>What a figure means.</summary>
/// <param name="Key">Of <see cref="Reading"/>.</param>
/// <param name="Title">As the table has it.</param>
/// <param name="Show">A value with its unit.</param>
/// <param name="Target">What is asked of Folio; given whether the model is small and how its weights are stored; null: nothing.</param>
internal sealed record Metric(string Key, string Title, Func<double, string> Show, Func<bool, string, Target?> Target);

/// <summary>What is asked: a bound for a quantity.</summary>
/// <param name="Of">What is bounded.</param>
/// <param name="AtLeast">Else at most.</param>
internal sealed record Target(Quantity Of, double Bound, bool AtLeast = true)
{
    public bool IsMetBy(double value) => AtLeast ? value >= Bound : value <= Bound;

    public override string ToString()
    {
        string sign = AtLeast ? "≥" : "≤";
        return Of switch
        {
            Quantity.Ratio => FormattableString.Invariant($"{sign} {Bound:0.##}×"),
            Quantity.Bandwidth => FormattableString.Invariant($"{sign} {Bound:0%} of the bandwidth"),
            Quantity.Share => FormattableString.Invariant($"{sign} {Bound:0%}"),
            _ => FormattableString.Invariant($"{sign} {Bound:0.0} s"),
        };
    }
}

internal enum Quantity
{
    /// <summary>Folio's median to the other's.</summary>
    Ratio,

    /// <summary>The share of the memory bandwidth that reading the weights once a token takes.</summary>
    Bandwidth,

    /// <summary>Folio's median itself, a share.</summary>
    Share,

    /// <summary>Folio's median itself, in seconds.</summary>
    Seconds,
}
