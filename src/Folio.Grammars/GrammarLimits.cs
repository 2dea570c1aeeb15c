namespace Folio.Grammars;

/// <summary>What compiling one grammar may cost. A grammar that costs more is refused.</summary>
public sealed record GrammarLimits
{
    public static GrammarLimits Default { get; } = new();

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Nodes of the automaton; each takes about 40 bytes.</summary>
    public int MaxNodes { get; init; } = 1_500_000;

    /// <summary>Rules: of a schema, the subschemas and their combinations.</summary>
    public int MaxRules { get; init; } = 100_000;

    /// <summary>Entries of the table of a deterministic automaton: states times classes of characters. Only intersections and complements of patterns need one.</summary>
    public int MaxTable { get; init; } = 4_000_000;
}
