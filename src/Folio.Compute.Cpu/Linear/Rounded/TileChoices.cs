using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Which of a level's tiles is fastest on this host, for each type of weights: measured at the first start, read from a file at later ones.</summary>
/// <remarks>
/// A processor's tiles are known by its family, model and stepping. A line: that, the level, the type, the tiles. Lines that say nothing usable are passed over, and a file that can't be read or written
/// costs a measurement: a few milliseconds.
/// </remarks>
/// <param name="path">Null: nothing is kept.</param>
internal sealed class TileChoices(string? path)
{
    /// <returns>Null: to be measured.</returns>
    public DotIsa? Kept(DType type, CpuIsa isa)
    {
        string start = Start(type, isa);
        foreach (string line in Lines())
        {
            if (line.StartsWith(start, StringComparison.Ordinal) && Enum.TryParse(line[start.Length..], out DotIsa dot) && isa.Dots().Contains(dot)) return dot;
        }

        return null;
    }

    public void Keep(DType type, CpuIsa isa, DotIsa dot)
    {
        if (path is null) return;
        try
        {
            PackedWeightCache.MakeFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.AppendAllText(path, $"{Start(type, isa)}{dot}\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Measured again at the next start.
        }
    }

    private static string Start(DType type, CpuIsa isa) => $"{CpuIsas.Signature:x8} {isa} {type} ";

    private string[] Lines()
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
