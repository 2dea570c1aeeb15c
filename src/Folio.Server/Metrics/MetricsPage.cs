using System.Diagnostics;
using System.Globalization;
using Folio.Engine;

namespace Folio.Server;

/// <summary>GET /metrics: the engine's figures under vLLM's names, the cache's layout, and the process'.</summary>
internal static class MetricsPage
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(LlmEngine engine, string modelName)
    {
        var page = new PrometheusText(("engine", "0"), ("model_name", modelName));
        foreach (Metric metric in engine.Metrics.All) page.Write(metric);
        page.Gauge("vllm:cache_config_info", "Layout of the KV cache.", 1, CacheConfig(engine.Plan, engine.Options));
        return page + Process();
    }

    private static (string, string)[] CacheConfig(MemoryPlan plan, EngineOptions options) =>
    [
        ("block_size", plan.BlockSize.ToString(CultureInfo.InvariantCulture)),
        ("num_gpu_blocks", plan.Blocks.ToString(CultureInfo.InvariantCulture)), // vLLM's name, whatever the backend
        ("kv_cache_size_tokens", plan.Tokens.ToString(CultureInfo.InvariantCulture)),
        ("kv_cache_max_concurrency", plan.ConcurrencyAtFullContext.ToString("0.##", CultureInfo.InvariantCulture)),
        ("enable_prefix_caching", options.EnablePrefixCaching.ToString()), // True or False, as Python writes them
    ];

    private static string Process()
    {
        var page = new PrometheusText();
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        page.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", process.WorkingSet64);
        page.Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        page.Gauge("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", process.TotalProcessorTime.TotalSeconds);
        return page.ToString();
    }
}
