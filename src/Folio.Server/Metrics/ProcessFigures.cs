using System.Diagnostics;
using System.Globalization;

namespace Folio.Server;

/// <summary>The process' own figures, under the names that all of Prometheus' clients give them.</summary>
internal static class ProcessFigures
{
    private const string OpenFiles = "/proc/self/fd", Limits = "/proc/self/limits";

    public static void WriteTo(PrometheusText page)
    {
        using var process = Process.GetCurrentProcess();
        page.Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", process.VirtualMemorySize64);
        page.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", process.WorkingSet64);
        page.Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        page.Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", process.TotalProcessorTime.TotalSeconds);
        if (!OperatingSystem.IsLinux()) return;
        page.Gauge("process_open_fds", "Number of open file descriptors.", Directory.EnumerateFileSystemEntries(OpenFiles).Count());
        if (MostOpenFiles() is { } most) page.Gauge("process_max_fds", "Maximum number of open file descriptors.", most);
    }

    /// <summary>The soft limit: <c>Max open files            1024                 524288               files</c>.</summary>
    private static double? MostOpenFiles()
    {
        string? line = File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return double.TryParse(line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], CultureInfo.InvariantCulture, out double most) ? most : null;
    }
}
