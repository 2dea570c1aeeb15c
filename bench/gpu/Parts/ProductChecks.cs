using Folio.Compute;

namespace Folio.GpuBench;

/// <summary>Products and look-ups for every stored type, of few rows and many, beside the CPU's exact ones.</summary>
internal sealed class ProductChecks(Options options) : Part(options), IDisposable
{
    private static readonly DType[] Types =
    [
        DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q2_K, DType.Q3_K, DType.Q4_K, DType.Q5_K, DType.Q6_K,
    ];

    private readonly BothBackends _both = new(options), _deterministic = new(options, deterministic: true);

    public override IEnumerable<Item> Items =>
        Options.Size(Types, [DType.BF16, DType.Q8_0]).SelectMany(type => (Item[])[new($"products with {type}", log => Check(log, type)), new($"look-up in {type}", log => CheckEmbedding(log, type))]);

    public void Dispose()
    {
        _both.Dispose();
        _deterministic.Dispose();
    }

    private void Check(ResultLog log, DType type)
    {
        (int outputs, int inputs) = Options.Size((1037, 4096), (37, 256));
        using var stored = new StoredMatrix(type, outputs, inputs);
        foreach (BothBackends both in (BothBackends[])[_both, _deterministic]) Check(log, both, stored.Source);
    }

    /// <summary>Deterministic products are all made by one kernel; else few rows have one of their own, and dense 16-bit weights are cuBLASLt's.</summary>
    private void Check(ResultLog log, BothBackends both, WeightSource source)
    {
        (DType type, int outputs, int inputs) = (source.Type, source.Rows, source.Columns);
        Weight onCpu = both.Cpu.Pack(source), onCard = both.Card.Pack(source);
        float[] bias = StoredValues.Activations(outputs, seed: 2), before = StoredValues.Activations(100 * outputs, seed: 3);
        foreach (DType input in Options.Size((DType[])[DType.BF16, DType.F16, DType.F32], [DType.BF16]))
        {
            foreach (int rows in input == DType.BF16 ? Options.Size((int[])[1, 2, 3, 8, 9, 64, 100], [1, 3, 70]) : [1, 100])
            {
                float[] x = StoredValues.Activations(rows * inputs, seed: rows);
                double allowed = input == DType.F32 || (rows <= 8 && both == _both) ? 4e-3 : 3e-2; // scales are kept in fp16; beside many rows, weights are rounded to 16 bits
                string how = both == _deterministic ? ", deterministic" : "";
                both.Compare(log, $"{type} × {rows} rows of {input}, with a bias, added{how}", allowed, backend =>
                {
                    Tensor y = BothBackends.Of(backend, before[..(rows * outputs)], rows);
                    backend.Linear(BothBackends.Of(backend, x, rows, input), backend == both.Cpu ? onCpu : onCard, backend.Upload(bias), y, accumulate: true);
                    return BothBackends.Read(backend, y);
                });
            }
        }

        both.Card.EndWeights();
    }

    private void CheckEmbedding(ResultLog log, DType type)
    {
        using var stored = new StoredMatrix(type, 50, 256);
        _both.Compare(log, $"rows of {type}", 2e-3, backend =>
        {
            Tensor y = backend.Allocate(4, 256);
            backend.Embed(backend.Pack(stored.Source), (int[])[49, 0, 7, 7], y);
            return BothBackends.Read(backend, y);
        });
        _both.Card.EndWeights();
    }
}
