using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace Folio.Simulation;

/// <summary>Recorded workloads: the traces of Azure's inference services (CSV) and of Mooncake (JSON lines).</summary>
public static class TraceFile
{
    /// <summary>Prompt tokens that one of Mooncake's hash ids stands for.</summary>
    private const int MooncakeBlock = 512;

    /// <summary>The traces that are inside, by the names that they go by.</summary>
    public static IReadOnlyDictionary<string, string> Known { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["azure-conv"] = "AzureLLMInferenceTrace_conv.csv",
        ["azure-code"] = "AzureLLMInferenceTrace_code.csv",
    };

    /// <summary>Reads a trace; what has no prompt or no output is left out.</summary>
    /// <param name="trace">A file, or the name of a trace that is inside.</param>
    /// <exception cref="FolioException">It can't be read.</exception>
    public static Workload Read(string trace)
    {
        if (File.Exists(trace)) return Read(Path.GetFileName(trace), File.ReadLines(trace), jsonLines: trace.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase));
        if (!Known.TryGetValue(trace, out string? file)) throw new FolioException($"'{trace}' is neither a file nor a trace that is inside ({string.Join(", ", Known.Keys)}).");
        using Stream packed = typeof(TraceFile).Assembly.GetManifestResourceStream($"{file}.gz")!;
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return Read(trace, Lines(reader), jsonLines: false);
    }

    private static IEnumerable<string> Lines(StreamReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }

    private static Workload Read(string name, IEnumerable<string> lines, bool jsonLines)
    {
        List<SimulatedRequest> requests = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (line.Length == 0 || (!jsonLines && number == 1)) continue; // the CSV's heading
            SimulatedRequest request;
            try
            {
                request = jsonLines ? Mooncake(line) : Azure(line);
            }
            catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or OverflowException)
            {
                throw new FolioException($"{name}, line {number}: {(jsonLines ? "timestamp, input_length, output_length and hash_ids" : "TIMESTAMP,ContextTokens,GeneratedTokens")} are expected.");
            }

            if (request.PromptTokens > 0 && request.OutputTokens > 0) requests.Add(request);
        }

        requests.Sort((a, b) => a.Arrival.CompareTo(b.Arrival));
        if (requests.Count < 2 || requests[^1].Arrival <= requests[0].Arrival) throw new FolioException($"{name}: a trace needs two requests or more, at different times.");
        double first = requests[0].Arrival;
        return new(name, [.. requests.Select(request => request with { Arrival = request.Arrival - first })]);
    }

    /// <summary>2023-11-16 18:17:03.9799600,4808,10</summary>
    private static SimulatedRequest Azure(string line)
    {
        string[] fields = line.Split(',');
        if (fields.Length != 3) throw new FormatException();
        var time = DateTime.Parse(fields[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return new(time.Ticks / (double)TimeSpan.TicksPerSecond, int.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[2], CultureInfo.InvariantCulture));
    }

    /// <summary>{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, ...]}; milliseconds.</summary>
    private static SimulatedRequest Mooncake(string line)
    {
        using var document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        return new(root.GetProperty("timestamp").GetDouble() / 1000, root.GetProperty("input_length").GetInt32(), root.GetProperty("output_length").GetInt32())
        {
            SharedIds = [.. root.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt32())],
            SharedIdTokens = MooncakeBlock,
        };
    }
}
