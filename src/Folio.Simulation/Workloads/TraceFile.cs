using System.Globalization;
using System.Text.Json;

namespace Folio.Simulation;

/// <summary>Recorded workloads: the traces of Azure's inference services (CSV) and of Mooncake (JSON lines).</summary>
public static class TraceFile
{
    /// <summary>Prompt tokens that one of Mooncake's hash ids stands for.</summary>
    private const int MooncakeBlock = 512;

    /// <summary>The names that published traces go by, and their files'.</summary>
    public static IReadOnlyDictionary<string, string> Known { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["azure-conv"] = "AzureLLMInferenceTrace_conv.csv",
        ["azure-code"] = "AzureLLMInferenceTrace_code.csv",
        ["mooncake"] = "mooncake_conversation_trace.jsonl",
    };

    /// <summary>Reads a trace; what has no output is left out.</summary>
    /// <exception cref="FolioException">It can't be read.</exception>
    public static Workload Read(string path)
    {
        if (!File.Exists(path)) throw new FolioException($"{path}: there is no such trace.");
        bool lines = path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);
        List<SimulatedRequest> requests = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0 || (!lines && number == 1)) continue; // the CSV's heading
            SimulatedRequest request;
            try
            {
                request = lines ? Mooncake(line) : Azure(line);
            }
            catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or OverflowException)
            {
                throw new FolioException($"{path}, line {number}: {(lines ? "timestamp, input_length, output_length and hash_ids" : "TIMESTAMP,ContextTokens,GeneratedTokens")} are expected.");
            }

            if (request.PromptTokens > 0 && request.OutputTokens > 0) requests.Add(request);
        }

        if (requests.Count < 2) throw new FolioException($"{path}: a trace needs two requests or more.");
        requests.Sort((a, b) => a.Arrival.CompareTo(b.Arrival));
        double first = requests[0].Arrival;
        return new(Path.GetFileName(path), [.. requests.Select(request => request with { Arrival = request.Arrival - first })]);
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
