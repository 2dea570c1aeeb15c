using System.Text.Json;

namespace Folio.Compare;

/// <summary>llama.cpp's programs, with their defaults but for the threads.</summary>
internal sealed class LlamaCpp(string folder, int threads)
{
    public const string Bench = "llama-bench", BatchedBench = "llama-batched-bench", Server = "llama-server";

    private readonly string _folder = Path.GetFullPath(folder);

    /// <summary>A program that has --version, which llama-bench has not; null: it isn't there.</summary>
    public string? SaysVersion => ((string[])[Server, BatchedBench]).Select(program => Path.Combine(_folder, program)).FirstOrDefault(File.Exists);

    /// <exception cref="FolioException">One is not there.</exception>
    public void Require(IEnumerable<string> programs)
    {
        foreach (string program in programs.Distinct())
        {
            if (!File.Exists(Path.Combine(_folder, program))) throw new FolioException($"--llama is '{folder}', where there is no {program}; a folder with llama.cpp's built programs was expected.");
        }
    }

    /// <returns>Tokens a second of one prompt of <paramref name="prefill"/> tokens or of one stream of <paramref name="decode"/>.</returns>
    /// <param name="cores">That it is kept on; null: any.</param>
    public async Task<Run> BenchAsync(Model model, int prefill, int decode, int[]? cores = null)
    {
        (string program, string[] arguments) = Cores.Bind(Path.Combine(_folder, Bench), ["-m", model.Path, "-t", $"{threads}", "-p", $"{prefill}", "-n", $"{decode}", "-r", "1", "-o", "json"], cores);
        string output = await ChildProcess.RunAsync(program, arguments);
        using JsonDocument json = Parse(Bench, output);
        return new(json.RootElement[0].GetProperty("avg_ts").GetDouble(), ChildProcess.Command(program, arguments));
    }

    /// <returns>Tokens a second of so many sequences.</returns>
    public async Task<Run> BatchedBenchAsync(Model model, int sequences, int context, int tokens)
    {
        string[] arguments =
        [
            "-m", model.Path, "-t", $"{threads}", "-tb", $"{threads}", "-c", $"{sequences * (context + tokens)}", "-npp", $"{context}", "-ntg", $"{tokens}", "-npl", $"{sequences}", "--output-format", "jsonl",
        ];
        string output = await ChildProcess.RunAsync(Path.Combine(_folder, BatchedBench), arguments);
        using JsonDocument json = Parse(BatchedBench, output.Split('\n').FirstOrDefault(line => line.StartsWith('{')) ?? "");
        return new(json.RootElement.GetProperty("speed_tg").GetDouble(), ChildProcess.Command(BatchedBench, arguments));
    }

    /// <param name="slots">Sequences at once.</param>
    /// <param name="context">Tokens of each.</param>
    public ServerProcess Serve(Model model, int slots, int context) => new(Path.Combine(_folder, Server), port =>
        ["-m", model.Path, "-t", $"{threads}", "-tb", $"{threads}", "-np", $"{slots}", "-c", $"{slots * context}", "--host", "127.0.0.1", "--port", $"{port}", "--no-webui"]);

    private static JsonDocument Parse(string program, string output)
    {
        try
        {
            return JsonDocument.Parse(output);
        }
        catch (JsonException error)
        {
            throw new FolioException($"{program} printed something else than JSON; a newer one may be needed.", error);
        }
    }
}

/// <summary>One figure, and the command that gave it.</summary>
internal readonly record struct Run(double Value, string Command);
