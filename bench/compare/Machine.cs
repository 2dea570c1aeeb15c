using System.Runtime.InteropServices;

namespace Folio.Compare;

/// <summary>The machine's own description.</summary>
internal static class Machine
{
    private static readonly string[] s_told = ["avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"];

    public static string Description { get; } = Describe();

    private static string Describe()
    {
        const string info = "/proc/cpuinfo";
        if (!File.Exists(info)) return $"{Environment.ProcessorCount} × {RuntimeInformation.ProcessArchitecture}";
        string[] lines = File.ReadAllLines(info);
        HashSet<string> flags = [.. Value("flags").Split(' ')];
        return $"{Environment.ProcessorCount} × {Value("model name")} ({string.Join(' ', s_told.Where(flags.Contains))})";

        string Value(string key) => lines.FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[^1].Trim() ?? "unknown";
    }
}
