namespace Folio.Compare;

/// <summary>Servers with 16 clients, each of which asks again as soon as it was answered; folio bench serve asks both alike.</summary>
internal static class ServerCells
{
    private const int Clients = 16, Input = 128, Prefix = 400, Warmups = 2;
    private const string SmallCache = "memory-int8", PackedWeights = "folio/packed";

    public static async Task<IReadOnlyList<Reading>> ServerAsync(Setup setup, Model model, Engine engine, int round)
    {
        (ServerFigures figures, string command) = await AskAsync(setup, model, engine, prefix: 0, round);
        return [new("server", figures.Throughput, command), new("server-ttft", figures.FirstTokenMedian, command), new("server-itl", figures.GapP99, command)];
    }

    public static async Task<IReadOnlyList<Reading>> PrefixAsync(Setup setup, Model model, Engine engine, int round)
    {
        (ServerFigures figures, string command) = await AskAsync(setup, model, engine, Prefix, round);
        return [new("prefix", figures.Throughput, command), new("prefix-ttft", figures.FirstTokenP95, command)];
    }

    /// <summary>The most that a server has resident while its 16 sequences grow to their full length. Both map a file of weights; Folio is measured with its usual cache and with an int8 one, llama-server with its usual fp16 one.</summary>
    public static async Task<IReadOnlyList<Reading>> MemoryAsync(Setup setup, Model model, Engine engine, int round)
    {
        if (engine == Engine.Llama)
        {
            Reading peak = await PeakAsync(setup, setup.Llama.Serve(model, Clients, setup.Sizes.Context), round);
            return [peak, peak with { Metric = SmallCache }];
        }

        await setup.Folio.StartAsync(model); // leaves the file of packed weights
        Reading small = await PeakAsync(setup, setup.Folio.Serve(model, Clients, setup.Sizes.Context, "--kv-cache-dtype", "int8"), round, PackedWeights);
        return [await PeakAsync(setup, setup.Folio.Serve(model, Clients, setup.Sizes.Context), round, PackedWeights), small with { Metric = SmallCache }];
    }

    /// <param name="mapped">A part of a file's path that it is to have mapped; null: any or none.</param>
    private static async Task<Reading> PeakAsync(Setup setup, ServerProcess started, int round, string? mapped = null)
    {
        const int output = 16, spare = 16;
        using ServerProcess server = started;
        await server.ReadyAsync();
        if (mapped is not null && !server.Maps(mapped)) throw new FolioException($"{server.Command} has no file of {mapped} mapped, though another start came before; it would be measured as what it isn't.");
        await setup.Folio.AskAsync(server, Clients, Clients, 0, setup.Sizes.Context - output - spare, output, warmups: 0, round);
        return new("memory", server.PeakMemory, server.Command);
    }

    /// <summary>Process start to first token, over HTTP for both and printed by the folio command.</summary>
    public static async Task<IReadOnlyList<Reading>> StartAsync(Setup setup, Model model, Engine engine, int round)
    {
        Reading serving = await StartServerAsync(setup, model, engine);
        if (engine != Engine.Folio) return [serving];
        Run generate = await setup.Folio.StartAsync(model);
        return [serving, new("start", generate.Value, generate.Command)];
    }

    private static async Task<Reading> StartServerAsync(Setup setup, Model model, Engine engine)
    {
        using ServerProcess server = Serve(setup, model, engine, setup.Sizes.Context);
        return new("start-server", await server.TimeToFirstTokenAsync(), server.Command);
    }

    private static async Task<(ServerFigures Figures, string Command)> AskAsync(Setup setup, Model model, Engine engine, int prefix, int round)
    {
        int most = (prefix + Input + setup.Sizes.Output + 31) / 16 * 16;
        using ServerProcess server = Serve(setup, model, engine, most);
        await server.ReadyAsync();
        return (await setup.Folio.AskAsync(server, setup.Sizes.Requests, Clients, prefix, Input, setup.Sizes.Output, Warmups, round), server.Command);
    }

    private static ServerProcess Serve(Setup setup, Model model, Engine engine, int context) =>
        engine == Engine.Folio ? setup.Folio.Serve(model, Clients, context) : setup.Llama.Serve(model, Clients, context);
}
