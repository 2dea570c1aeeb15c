using System.Globalization;

namespace Folio.Compute;

/// <summary>How much memory this process may still take.</summary>
public static class HostMemory
{
    /// <summary>The smaller of what the system has to spare and what is left under the container's limit.</summary>
    public static long Available
    {
        get
        {
            GCMemoryInfo info = GC.GetGCMemoryInfo(); // its total honours cgroup limits
            long underLimit = info.TotalAvailableMemoryBytes - Environment.WorkingSet;
            return Math.Max(0, Math.Min(underLimit, SystemAvailable() ?? long.MaxValue));
        }
    }

    /// <returns>MemAvailable of /proc/meminfo in bytes; null where there is none.</returns>
    private static long? SystemAvailable()
    {
        const string path = "/proc/meminfo";
        if (!File.Exists(path)) return null;
        foreach (string line in File.ReadLines(path))
        {
            if (!line.StartsWith("MemAvailable:", StringComparison.Ordinal)) continue;
            ReadOnlySpan<char> kilobytes = line.AsSpan("MemAvailable:".Length).Trim();
            return long.Parse(kilobytes[..kilobytes.IndexOf(' ')], CultureInfo.InvariantCulture) * 1024;
        }

        return null;
    }
}
