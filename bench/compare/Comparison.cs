using Folio.Bench;

namespace Folio.Compare;

/// <summary>Runs cells, the engines in turn, and keeps what they gave.</summary>
internal sealed class Comparison(Setup setup, ResultFile file, int rounds)
{
    private readonly List<Measurement> _measurements = [];

    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <param name="all">Also where the table has no figure for a model.</param>
    /// <returns>False: some run failed, and the user has been told.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<Cell> cells, IReadOnlyList<Model> models, bool all)
    {
        (Cell Cell, Model Model)[] pairs = [.. cells.SelectMany(cell => models.Where(model => all || cell.Asked(model)).Select(model => (cell, model)))];
        if (pairs.Length == 0) throw new FolioException("none of these cells is asked of these models; --all measures them nevertheless.");
        bool whole = true;
        foreach ((Cell cell, Model model) in pairs)
        {
            try
            {
                for (int round = 0; round < rounds; round++) await RoundAsync(cell, model, round);
            }
            catch (Exception error) // whatever a run or an answer lacks, the other cells are measured
            {
                Console.Error.WriteLine($"{cell.Name} {model.Name}: {(error is FolioException ? "" : $"{error.GetType().Name}: ")}{error.Message}");
                whole = false;
            }
        }

        return whole;
    }

    private async Task RoundAsync(Cell cell, Model model, int round)
    {
        // Whoever comes second may find a warmer or a more throttled machine: they take turns at it.
        Engine[] order = round % 2 == 0 ? [Engine.Folio, Engine.Llama] : [Engine.Llama, Engine.Folio];
        foreach (Engine engine in order)
        {
            double bandwidth = ReadBandwidth.Measure(setup.Threads);
            foreach (Reading reading in await cell.Measure(setup, model, engine, round))
            {
                string who = reading.Plain ? Measurement.Plain : engine == Engine.Folio ? Measurement.Folio : Measurement.Llama;
                var measurement = new Measurement(
                    DateTime.UtcNow, Machine.Description, reading.Metric, model.Name, model.Small, model.Type, model.ReadBytes, who, round, reading.Value, bandwidth, reading.Command)
                {
                    File = Path.GetFileName(model.Path),
                    Threads = setup.Threads,
                    Sizes = setup.Sizes,
                    Versions = setup.Versions,
                };
                _measurements.Add(measurement);
                file.Append(measurement);
                Console.Error.WriteLine($"{reading.Metric} {model.Name}, round {round + 1}: {who} {MetricList.Find(reading.Metric).Show(reading.Value)} ({bandwidth:0.0} GB/s)");
            }
        }
    }
}
