using System.Globalization;

namespace Folio.Bench;

/// <summary>How many requests and tokens a second, told as vLLM's throughput benchmark tells it, with prefill and decode apart.</summary>
/// <param name="requests">Of each run.</param>
/// <param name="prefill">The same requests, ending with their first token: what prefill takes.</param>
/// <param name="whole">The run that is reported; what it took longer is decoding.</param>
/// <param name="bandwidth">GB/s that the machine reads memory with; null: unknown.</param>
internal sealed class ThroughputReport(int requests, OfflineRun prefill, OfflineRun whole, ModelWork work, double? bandwidth)
{
    private readonly Achieved _prefill = Achieved.Of(work, prefill.Steps, prefill.KeysRead, prefill.OutputTokens, prefill.Seconds);
    private readonly double _decodeSeconds = whole.Seconds - prefill.Seconds;
    private readonly long _decoded = whole.OutputTokens - prefill.OutputTokens;

    private long TotalTokens => whole.PromptTokens + whole.OutputTokens;

    private double PrefillThroughput => prefill.PromptTokens / prefill.Seconds;

    /// <summary>Null: nothing was decoded that could be timed.</summary>
    private Achieved? Decode => _decoded > 0 && _decodeSeconds > 0
        ? Achieved.Of(work, whole.Steps.Since(prefill.Steps), whole.KeysRead - prefill.KeysRead, _decoded, _decodeSeconds)
        : null;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Throughput: {requests / whole.Seconds:0.00} requests/s, {TotalTokens / whole.Seconds:0.00} total tokens/s, {whole.OutputTokens / whole.Seconds:0.00} output tokens/s
        Total num prompt tokens:  {whole.PromptTokens}
        Total num output tokens:  {whole.OutputTokens}
        Prefill: {PrefillThroughput:0.0} tok/s, {_prefill.GigabytesPerSecond:0.0} GB/s read, {_prefill.GigaoperationsPerSecond:0.0} Gop/s in products{Cached}
        {DecodeLine}
        """);

    public void Save(string path) => ResultFile.Write(path, indented: true, json =>
    {
        json.WriteNumber("elapsed_time", whole.Seconds);
        json.WriteNumber("num_requests", requests);
        json.WriteNumber("total_num_tokens", TotalTokens);
        json.WriteNumber("requests_per_second", requests / whole.Seconds);
        json.WriteNumber("tokens_per_second", TotalTokens / whole.Seconds);
        json.WriteNumber("prefill_tokens_per_second", PrefillThroughput);
        json.WriteNumber("prefill_read_gb_per_second", _prefill.GigabytesPerSecond);
        json.WriteNumber("prefill_gop_per_second", _prefill.GigaoperationsPerSecond);
        if (Decode is { } decode)
        {
            json.WriteNumber("decode_tokens_per_second", _decoded / _decodeSeconds);
            json.WriteNumber("decode_read_gb_per_second", decode.GigabytesPerSecond);
            json.WriteNumber("decode_gop_per_second", decode.GigaoperationsPerSecond);
        }

        if (bandwidth is { } gigabytes) json.WriteNumber("memory_read_gb_per_second", gigabytes);
    });

    private string Cached => prefill.Steps.Tokens < prefill.PromptTokens ? string.Create(CultureInfo.InvariantCulture, $"; {prefill.Steps.Tokens} of {prefill.PromptTokens} prompt tokens were computed, the others shared") : "";

    private string DecodeLine => Decode is not { } decode ? "Decode: too short to be timed" : string.Create(
        CultureInfo.InvariantCulture,
        $"Decode: {_decoded / _decodeSeconds:0.0} tok/s, {decode.GigabytesPerSecond:0.0} GB/s read{Share(decode)}, {decode.GigaoperationsPerSecond:0.0} Gop/s in products");

    private string Share(Achieved decode) => bandwidth is not { } memory ? ""
        : decode.GigabytesPerSecond > memory ? string.Create(CultureInfo.InvariantCulture, $" (more than the {memory:0.0} GB/s of memory: the weights stay in a cache)")
        : string.Create(CultureInfo.InvariantCulture, $" ({decode.GigabytesPerSecond / memory:0%} of the {memory:0.0} GB/s of memory)");
}
