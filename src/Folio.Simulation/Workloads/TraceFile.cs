using System.Buffers.Binary;
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
    /// <param name="trace">A file, packed with gzip if it ends in .gz; or the name of a trace that is inside.</param>
    /// <exception cref="FolioException">It can't be read.</exception>
    public static Workload Read(string trace)
    {
        if (!File.Exists(trace) && Known.TryGetValue(trace, out string? inside))
            return Read(trace, $"{inside}.gz", typeof(TraceFile).Assembly.GetManifestResourceStream($"{inside}.gz")!);
        if (Directory.Exists(trace)) throw new FolioException($"{trace} is a folder; a trace is a file.");
        if (!File.Exists(trace)) throw new FolioException($"'{trace}' is neither a file nor a trace that is inside ({string.Join(", ", Known.Keys)}).");
        try
        {
            return Read(Path.GetFileName(trace), trace, File.OpenRead(trace));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new FolioException($"{trace} can't be read: {e.Message}", e);
        }
    }

    /// <param name="name">What the trace is called.</param>
    /// <param name="file">Its ending says how it is written.</param>
    /// <param name="stream">The file, which is closed.</param>
    private static Workload Read(string name, string file, Stream stream)
    {
        bool packed = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        using var reader = new StreamReader(packed ? Unpack(stream) : stream);
        return Read(name, Lines(reader), jsonLines: (packed ? file[..^3] : file).EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase));
    }

    /// <remarks>GZipStream takes the end of its input for the end of the text; that nothing is missing is seen from the length in the last four bytes.</remarks>
    private static MemoryStream Unpack(Stream stream)
    {
        using (stream)
        {
            var text = new MemoryStream();
            var last = new byte[sizeof(uint)];
            using (var gzip = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true)) gzip.CopyTo(text);
            stream.Seek(-last.Length, SeekOrigin.End);
            stream.ReadExactly(last);
            if (BinaryPrimitives.ReadUInt32LittleEndian(last) != (uint)text.Length) throw new InvalidDataException("its end is missing, or it is packed in several pieces.");
            text.Position = 0;
            return text;
        }
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

        SimulatedRequest[] inOrder = [.. requests.OrderBy(request => request.Arrival)]; // stable: who came at the same time stays in the file's order
        if (inOrder.Length < 2 || inOrder[^1].Arrival <= inOrder[0].Arrival) throw new FolioException($"{name}: a trace needs two requests or more, at different times.");
        return new(name, [.. inOrder.Select(request => request with { Arrival = request.Arrival - inOrder[0].Arrival })]);
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
        double milliseconds = root.GetProperty("timestamp").GetDouble();
        if (!double.IsFinite(milliseconds)) throw new FormatException();
        return new(milliseconds / 1000, root.GetProperty("input_length").GetInt32(), root.GetProperty("output_length").GetInt32())
        {
            SharedIds = [.. root.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt64())],
            SharedIdTokens = MooncakeBlock,
        };
    }
}
