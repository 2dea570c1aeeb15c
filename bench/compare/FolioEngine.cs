using System.Globalization;
using System.Text.Json;

namespace Folio.Compare;

/// <summary>Folio, with its defaults but for the threads.</summary>
/// <param name="command">The folio command.</param>
internal sealed class FolioEngine(string command, int threads)
{
    public string Command => command;

    /// <param name="given">Null: the Release build of the repository that this program was built in.</param>
    public static FolioEngine Find(string? given, int threads)
    {
        if (given is not null) return File.Exists(given) ? new(Path.GetFullPath(given), threads) : throw new FolioException($"--folio is '{given}', which is no file; the folio command was expected.");
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Folio.slnx"))) folder = Path.GetDirectoryName(folder);
        string built = Path.Combine(folder ?? "", "src/Folio/bin/Release/net10.0/folio");
        return File.Exists(built) ? new(built, threads) : throw new FolioException("folio isn't built; run dotnet build -c Release src/Folio, or name one with --folio.");
    }

    /// <returns>Tokens a second of one prompt.</returns>
    public Task<Run> PrefillAsync(Model model, int tokens) => StepsAsync(model, ["--prefill", $"{tokens}"]);

    /// <returns>Tokens a second of so many sequences of <paramref name="tokens"/> each, after <paramref name="context"/>.</returns>
    /// <param name="cores">That it is kept on; null: any.</param>
    public Task<Run> DecodeAsync(Model model, int sequences, int context, int tokens, int[]? cores = null) =>
        StepsAsync(model, ["--decode", $"{sequences}", "--context", $"{context}", "--tokens", $"{tokens}"], cores);

    /// <returns>Tokens a second of groups of sequences of a prompt each, and of as many sequences that are requests of their own.</returns>
    public async Task<(Run Group, Run Plain)> GroupsAsync(Model model, int prompts, int width, int tokens, bool beams, bool plainFirst)
    {
        string[] arguments = ["groups", model.Path, "--threads", $"{threads}", "--prompts", $"{prompts}", "--width", $"{width}", "--tokens", $"{tokens}"];
        if (beams) arguments = [.. arguments, "--beams"];
        string shown = ChildProcess.Command(Self, arguments);
        if (plainFirst) arguments = [.. arguments, "--plain-first"];
        string[] figures = (await ChildProcess.RunAsync(Self, arguments)).Split(' ');
        return (new(double.Parse(figures[0], CultureInfo.InvariantCulture), shown), new(double.Parse(figures[1], CultureInfo.InvariantCulture), shown));
    }

    /// <summary>Process start to the first token printed.</summary>
    public async Task<Run> StartAsync(Model model)
    {
        string[] arguments = ["generate", "-m", model.Path, "--threads", $"{threads}", "--max-tokens", "1", "--temperature", "0", "--quiet", "Once upon a time"];
        return new(await ChildProcess.TimeToFirstByteAsync(command, arguments), ChildProcess.Command(command, arguments));
    }

    /// <param name="context">Tokens of each sequence at most.</param>
    /// <param name="options">Beside these.</param>
    public ServerProcess Serve(Model model, int sequences, int context, params string[] options) => new(command, port =>
        ["serve", model.Path, "--threads", $"{threads}", "--max-model-len", $"{context}", "--num-blocks", $"{sequences * (context / 16 + 2)}", "--port", $"{port}", .. options]);

    /// <summary>Has folio's own benchmark ask a server, Folio's or another.</summary>
    public async Task<ServerFigures> AskAsync(ServerProcess server, int requests, int clients, int prefix, int input, int output, int warmups, int seed)
    {
        string file = Path.GetTempFileName();
        try
        {
            string[] arguments =
            [
                "bench", "serve", "--base-url", server.Address, "--num-prompts", $"{requests}", "--max-concurrency", $"{clients}", "--random-prefix-len", $"{prefix}", "--random-input-len", $"{input}",
                "--random-output-len", $"{output}", "--num-warmups", $"{warmups}", "--temperature", "0", "--seed", $"{seed}", "--metric-percentiles", "50,95,99", "--result-filename", file,
            ];
            await ChildProcess.RunAsync(command, arguments);
            using JsonDocument json = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
            JsonElement figures = json.RootElement;
            int failed = figures.GetProperty("failed").GetInt32();
            if (failed > 0) throw new FolioException($"{server.Command} failed {failed} of {requests} requests.");
            return new(figures.GetProperty("output_throughput").GetDouble(), Seconds("p50_ttft_ms"), Seconds("p95_ttft_ms"), Seconds("p99_itl_ms"));

            double Seconds(string key) => figures.GetProperty(key).GetDouble() / 1000;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>This program, which times steps in a process of their own.</summary>
    private static string Self => Path.Combine(AppContext.BaseDirectory, "Folio.Compare");

    private async Task<Run> StepsAsync(Model model, string[] what, int[]? cores = null)
    {
        (string program, string[] arguments) = Cores.Bind(Self, ["steps", model.Path, "--threads", $"{threads}", .. what], cores);
        return new(double.Parse(await ChildProcess.RunAsync(program, arguments), CultureInfo.InvariantCulture), ChildProcess.Command(program, arguments));
    }
}

/// <summary>What a server's clients saw: output tokens a second, and seconds.</summary>
internal sealed record ServerFigures(double Throughput, double FirstTokenMedian, double FirstTokenP95, double GapP99);
