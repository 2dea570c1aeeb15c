namespace Folio.Compare;

/// <summary>All metrics, in the order of the table.</summary>
internal static class MetricList
{
    public static IReadOnlyList<Metric> All { get; } =
    [
        new("decode", "decode, 1 stream", Speed, (small, type) => (small, type) switch
        {
            (true, "Q8_0") => new(Quantity.Ratio, 1.6),
            (true, "Q4_0") => new(Quantity.Ratio, 1.5),
            (false, _) => new(Quantity.Bandwidth, 0.85),
            _ => null,
        }),
        new("prefill", "prefill", Speed, (small, type) => (small, type) switch
        {
            (true, "Q8_0") => new(Quantity.Ratio, 3.5),
            (true, "BF16") => new(Quantity.Ratio, 2),
            (false, "Q8_0") => new(Quantity.Ratio, 4),
            (false, "Q4_0") => new(Quantity.Ratio, 2.5),
            (false, "Q4_K_M") => new(Quantity.Ratio, 3),
            (false, "BF16") => new(Quantity.Ratio, 1.7),
            _ => null,
        }),
        new("decode16", "decode, 16 sequences", Speed, Batch),
        new("decode32", "decode, 32 sequences", Speed, Batch),
        new("server", "server, 16 clients: output", Speed, (_, type) => type switch { "Q8_0" => new(Quantity.Ratio, 3.5), "Q4_0" => new(Quantity.Ratio, 2.5), _ => null }),
        new("server-ttft", "server, 16 clients: TTFT p50", Milliseconds, (_, _) => new(Quantity.Ratio, 1 / 3.0, AtLeast: false)),
        new("server-itl", "server, 16 clients: ITL p99", Milliseconds, (_, _) => new(Quantity.Ratio, 1 / 5.0, AtLeast: false)),
        new("prefix", "server, shared prefix of 400: output", Speed, (_, _) => new(Quantity.Ratio, 4)),
        new("prefix-ttft", "server, shared prefix of 400: TTFT p95", Milliseconds, (_, _) => new(Quantity.Ratio, 1 / 6.0, AtLeast: false)),
        new("samples", "n = 8, 16 prompts", Speed, (_, _) => new(Quantity.Ratio, 0.95)),
        new("beams", "beam width 4, 16 prompts", Speed, (_, _) => new(Quantity.Ratio, 0.8)),
        new("memory", "resident at most, 16 × 1024 tokens", Megabytes, (_, _) => new(Quantity.Ratio, 0.6, AtLeast: false)),
        new("memory-int8", "the same; Folio with an int8 cache", Megabytes, (_, _) => new(Quantity.Ratio, 0.6, AtLeast: false)),
        new("busy", "decode beside a busy core keeps", value => FormattableString.Invariant($"{value:0%}"), (_, _) => new(Quantity.Share, 0.5)),
        new("start", "start to first token, printed", Seconds, (_, _) => new(Quantity.Seconds, 0.5, AtLeast: false)),
        new("start-server", "start to first token, server", Seconds, (_, _) => null),
    ];

    public static Metric Find(string key) => All.FirstOrDefault(metric => metric.Key == key) ?? throw new FolioException($"'{key}' is no metric of this table; a newer program may have measured it.");

    private static Target? Batch(bool small, string type) => type switch { "Q8_0" => new(Quantity.Ratio, 3.5), "Q4_0" or "Q4_K_M" => new(Quantity.Ratio, 3), _ => null };

    private static string Speed(double value) => value < 100 ? FormattableString.Invariant($"{value:0.0} tok/s") : FormattableString.Invariant($"{value:0} tok/s");

    private static string Megabytes(double value) => FormattableString.Invariant($"{value / 1e6:0} MB");

    private static string Milliseconds(double value) => FormattableString.Invariant($"{value * 1000:0} ms");

    private static string Seconds(double value) => FormattableString.Invariant($"{value:0.00} s");
}
