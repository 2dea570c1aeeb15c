using System.Globalization;

namespace Folio.Soak;

/// <summary>What a server tells of itself on /metrics.</summary>
/// <param name="Seconds">Since the soak began.</param>
/// <param name="Rss">Resident memory in MiB.</param>
/// <param name="Blocks">Blocks of the KV cache that requests hold.</param>
/// <param name="Tokens">Generated since the server's start.</param>
internal sealed record ServerState(double Seconds, double Rss, int Blocks, int Running, int Waiting, long Tokens, bool AtRest)
{
    public static async Task<ServerState> ReadAsync(HttpClient http, double seconds, bool atRest = false)
    {
        string page = await http.GetStringAsync("/metrics");
        double blocks = double.Parse(Label(page, "vllm:cache_config_info", "num_gpu_blocks"), CultureInfo.InvariantCulture);
        return new(
            seconds,
            Value(page, "process_resident_memory_bytes") / (1 << 20),
            (int)Math.Round(Value(page, "vllm:kv_cache_usage_perc") * blocks),
            (int)Value(page, "vllm:num_requests_running"),
            (int)Value(page, "vllm:num_requests_waiting"),
            (long)Value(page, "vllm:generation_tokens_total"),
            atRest);
    }

    private static double Value(string page, string name) => double.Parse(Line(page, name).Split(' ')[^1], CultureInfo.InvariantCulture);

    private static string Label(string page, string name, string label)
    {
        string line = Line(page, name), start = $"{label}=\"";
        int at = line.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return line[at..line.IndexOf('"', at)];
    }

    private static string Line(string page, string name) =>
        page.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')
        ?? throw new FolioException($"the server's /metrics has no {name}; a folio serve was expected.");
}
