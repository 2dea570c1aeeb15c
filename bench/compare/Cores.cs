using System.Globalization;

namespace Folio.Compare;

/// <summary>Cores that a run is kept on: by taskset, whichever engine it is.</summary>
internal static class Cores
{
    private const string Status = "/proc/self/status", Allowed = "Cpus_allowed_list:";

    /// <summary>The first of those that this process may run on.</summary>
    /// <exception cref="FolioException">There are fewer, or the system doesn't say.</exception>
    public static int[] First(int count)
    {
        string? line = File.Exists(Status) ? File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Allowed, StringComparison.Ordinal)) : null;
        if (line is null) throw new FolioException($"this system doesn't say in {Status} which cores there are, so no run can be kept on some of them.");
        int[] cores = [.. line[Allowed.Length..].Split(',').SelectMany(Range)];
        return count <= cores.Length ? cores[..count] : throw new FolioException($"--threads is {count}, and there are {cores.Length} cores; a neighbour would meet some threads only where each has its core.");
    }

    /// <summary>A command that runs another on these cores alone; null: the other as it is.</summary>
    public static (string Program, string[] Arguments) Bind(string program, string[] arguments, int[]? cores) =>
        cores is null ? (program, arguments) : ("taskset", ["-c", string.Join(',', cores), program, .. arguments]);

    /// <param name="text">A number, or two with a dash between.</param>
    private static IEnumerable<int> Range(string text)
    {
        int[] ends = [.. text.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture))];
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    }
}
