namespace Folio.Compute.Cuda.Steps;

/// <summary>Where a step's numbers lie behind its header, as offsets in numbers. A function of how much the step has room for, so that a recorded pass finds everything where it was.</summary>
internal readonly record struct StepLayout
{
    /// <summary>Offsets are multiples of so many numbers.</summary>
    private const int Alignment = 4;

    public StepLayout(int tokens, int sequences, int logitRows, int tiles)
    {
        int next = 4; // the header
        TokenIds = Take(ref next, tokens);
        Positions = Take(ref next, tokens);
        SlotMapping = Take(ref next, tokens);
        LogitRowTokens = Take(ref next, logitRows);
        QueryStarts = Take(ref next, sequences + 1);
        Lengths = Take(ref next, sequences);
        Rows = Take(ref next, sequences);
        Partitions = Take(ref next, sequences);
        PartStarts = Take(ref next, sequences);
        Tables = Take(ref next, sequences);
        Tiles = Take(ref next, 2 * tiles);
        End = next;
    }

    public int TokenIds { get; }

    public int Positions { get; }

    public int SlotMapping { get; }

    public int LogitRowTokens { get; }

    public int QueryStarts { get; }

    public int Lengths { get; }

    public int Rows { get; }

    public int Partitions { get; }

    public int PartStarts { get; }

    /// <summary>[sequences] where each block table lies.</summary>
    public int Tables { get; }

    /// <summary>[2, tiles]</summary>
    public int Tiles { get; }

    /// <summary>Block tables, each as long as its sequence, and behind them the items: what only the header tells of.</summary>
    public int End { get; }

    private static int Take(ref int next, int count)
    {
        int place = next;
        next = (next + count + Alignment - 1) / Alignment * Alignment;
        return place;
    }
}
