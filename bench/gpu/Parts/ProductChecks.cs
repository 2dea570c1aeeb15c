using Folio.Compute;
using Folio.Compute.Cuda.Interop;
using Folio.Models.Tests;

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
        Options.Size(Types, [DType.BF16, DType.Q8_0]).SelectMany(type => (Item[])[new($"products with {type}", log => Check(log, type)), new($"look-up in {type}", log => CheckEmbedding(log, type))])
            .Append(new("products with fp8", CheckFloat8));

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

    /// <summary>Few rows are multiplied as they are. Many are quantised first: the CPU is given them as they are then.</summary>
    private void CheckFloat8(ResultLog log)
    {
        int[] counts = [8, 9, 100];
        (int outputs, int inputs) = Options.Size((1040, 4096), (48, 256));
        using var both = new BothBackends(Options);
        using var stored = new Float8Matrix(outputs, inputs);
        Weight onCpu = both.Cpu.Pack(stored.Source), onCard = both.Card.Pack(stored.Source);
        both.Card.ReserveAttention(counts[^1], maxSequences: 1, heads: 1, new KvCacheShape(Layers: 1, KvHeads: 1, HeadDim: 64, BlockSize: 16, Blocks: 1));
        bool quantises = CublasLt.IsHere && both.Card.Context.Capability >= 89;
        float[] bias = StoredValues.Activations(outputs, seed: 2);
        foreach (int rows in counts)
        {
            bool isQuantised = quantises && rows > 8;
            float[] x = StoredValues.Activations(rows * inputs, seed: rows), asCodes = isQuantised ? [.. x.Chunk(inputs).SelectMany(Quantised)] : x;
            both.Compare(log, $"fp8 × {rows} rows of BF16{(isQuantised ? ", quantised" : "")}, with a bias", 3e-2, backend =>
            {
                Tensor y = backend.Allocate(rows, outputs);
                bool isCard = backend == both.Card;
                backend.Linear(BothBackends.Of(backend, isCard ? x : asCodes, rows, DType.BF16), isCard ? onCard : onCpu, backend.Upload(bias), y);
                return BothBackends.Read(backend, y);
            });
        }
    }

    private static float[] Quantised(float[] row)
    {
        float largest = row.Max(MathF.Abs);
        return [.. row.Select(value => E4M3.Value(E4M3.Nearest(value * (448 / largest))) * (largest / 448))];
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
