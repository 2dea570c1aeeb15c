namespace Folio.Compare;

/// <summary>The model's steps alone: llama-bench and llama-batched-bench beside <see cref="StepRun"/>.</summary>
internal static class StepCells
{
    public static async Task<IReadOnlyList<Reading>> PrefillAsync(Setup setup, Model model, Engine engine, int round) =>
        [Of("prefill", engine == Engine.Folio ? await setup.Folio.PrefillAsync(model, setup.Sizes.Prefill) : await setup.Llama.BenchAsync(model, setup.Sizes.Prefill, 0))];

    public static async Task<IReadOnlyList<Reading>> DecodeAsync(Setup setup, Model model, Engine engine, int round) => [Of("decode", await StreamAsync(setup, model, engine))];

    public static async Task<IReadOnlyList<Reading>> BatchAsync(Setup setup, Model model, Engine engine, int round)
    {
        List<Reading> readings = [];
        foreach (int sequences in (int[])[16, 32])
        {
            readings.Add(Of($"decode{sequences}", engine == Engine.Folio
                ? await setup.Folio.DecodeAsync(model, sequences, setup.Sizes.BatchContext, setup.Sizes.BatchTokens)
                : await setup.Llama.BatchedBenchAsync(model, sequences, setup.Sizes.BatchContext, setup.Sizes.BatchTokens)));
        }

        return readings;
    }

    /// <summary>One stream beside a thread that keeps one of its cores busy, as a share of the same beside nothing. Engines have a core for each thread and no other, so that none can step aside.</summary>
    public static async Task<IReadOnlyList<Reading>> BusyAsync(Setup setup, Model model, Engine engine, int round)
    {
        int[] cores = Cores.First(setup.Threads);
        Run quiet = await StreamAsync(setup, model, engine, cores);
        using var neighbour = new BusyNeighbour(cores[^1]);
        Run busy = await StreamAsync(setup, model, engine, cores);
        return [new("busy", busy.Value / quiet.Value, busy.Command)];
    }

    private static Task<Run> StreamAsync(Setup setup, Model model, Engine engine, int[]? cores = null) => engine == Engine.Folio
        ? setup.Folio.DecodeAsync(model, 1, 0, setup.Sizes.DecodeTokens, cores)
        : setup.Llama.BenchAsync(model, 0, setup.Sizes.DecodeTokens, cores);

    private static Reading Of(string metric, Run run) => new(metric, run.Value, run.Command);
}
