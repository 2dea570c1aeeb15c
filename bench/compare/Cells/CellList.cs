namespace Folio.Compare;

/// <summary>All cells of the table, in its order.</summary>
internal static class CellList
{
    public static IReadOnlyList<Cell> All { get; } =
    [
        new("decode", [LlamaCpp.Bench], _ => true, StepCells.DecodeAsync),
        new("prefill", [LlamaCpp.Bench], _ => true, StepCells.PrefillAsync),
        new("batch", [LlamaCpp.BatchedBench], model => model.Type != "BF16", StepCells.BatchAsync),
        new("server", [LlamaCpp.Server], model => model is { Small: true, Type: "Q8_0" or "Q4_0" }, ServerCells.ServerAsync),
        new("prefix", [LlamaCpp.Server], model => model is { Small: true, Type: "Q8_0" or "Q4_0" }, ServerCells.PrefixAsync),
        new("groups", [], model => model is { Small: true, Type: "Q8_0" }, GroupCells.SamplesAsync),
        new("beams", [], model => model is { Small: true, Type: "Q8_0" }, GroupCells.BeamsAsync),
        new("memory", [LlamaCpp.Server], model => model is { Small: false, Type: "Q4_0" }, ServerCells.MemoryAsync),
        new("busy", [LlamaCpp.Bench], model => model is { Small: true, Type: "Q8_0" or "Q4_0" }, StepCells.BusyAsync),
        new("start", [LlamaCpp.Server], model => model is { Small: true, Type: "Q8_0" or "Q4_0" }, ServerCells.StartAsync),
    ];

    /// <param name="names">With commas between; null: all.</param>
    public static IEnumerable<Cell> Named(string? names) => names is null ? All : names.Split(',').Select(name =>
        All.FirstOrDefault(cell => cell.Name == name) ?? throw new FolioException($"--cells has '{name}'; there are {string.Join(", ", All.Select(cell => cell.Name))}."));
}
