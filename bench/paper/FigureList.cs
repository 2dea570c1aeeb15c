using Folio.Paper.Figures;

namespace Folio.Paper;

/// <summary>Makes a figure of docs/paper anew.</summary>
internal readonly record struct Figure(string Name, Action<Page> Make);

internal static class FigureList
{
    public static IReadOnlyList<Figure> All { get; } =
    [
        new("fig2", MemoryFigure.Make),
        new("fig12", LatencyFigure.Make),
        new("fig13", BatchFigure.Make),
        new("fig14", SharingFigure.Rates),
        new("fig15", SharingFigure.Savings),
        new("fig16", PrefixFigure.Make),
        new("fig17", ChatFigure.Make),
        new("fig18", BlockSizeFigure.Make),
        new("fig19", PreemptionFigure.Make),
        new("real", RealEngineTable.Make),
    ];

    /// <summary>Those that are named, in the page's order; all if none is.</summary>
    /// <exception cref="FolioException">There is no such figure.</exception>
    public static IReadOnlyList<Figure> Named(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (!All.Any(figure => figure.Name == name)) throw new FolioException($"'{name}' is not a figure; these are: {string.Join(", ", All.Select(figure => figure.Name))}.");
        }

        return names.Count == 0 ? All : [.. All.Where(figure => names.Contains(figure.Name))];
    }
}
