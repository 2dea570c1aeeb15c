namespace Folio.Compute.Cpu;

/// <summary>How many threads pay: one for each physical core that this process may use.</summary>
/// <remarks>The kernels keep a core's multiply-add units busy with one thread; a second on the same core only adds contention.</remarks>
internal static class CpuCores
{
    private const string Topology = "/sys/devices/system/cpu";

    public static int Available { get; } = Math.Max(1, Math.Min(Environment.ProcessorCount, Physical() ?? int.MaxValue));

    /// <returns>Null where the system doesn't say.</returns>
    private static int? Physical()
    {
        try
        {
            var siblings = new HashSet<string>(StringComparer.Ordinal);
            foreach (string cpu in Directory.EnumerateDirectories(Topology, "cpu*"))
            {
                string list = Path.Combine(cpu, "topology", "thread_siblings_list");
                if (File.Exists(list)) siblings.Add(File.ReadAllText(list));
            }

            return siblings.Count == 0 ? null : siblings.Count;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
