using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Compute.Cuda;

namespace Folio.GpuBench;

/// <summary>The paged cache and attention over it, prompts and decoding, beside the CPU's over an fp32 (or int8) cache; and that a deterministic row's bits don't depend on how its sequence was cut.</summary>
internal sealed class AttentionChecks(Options options) : Part(options), IDisposable
{
    /// <summary>What rounding queries, weights and results to bf16 may move an output, whose values are of the size of 1.</summary>
    private const double Rounding = 0.03, Fp8Rounding = 0.3; // and keys and values to 3 bits behind the first

    private static readonly Case[] Cases =
    [
        new(64, 6, 2), new(64, 4, 4, Window: 100), new(64, 40, 1), new(80, 4, 2), new(96, 4, 4), new(128, 32, 8), new(128, 8, 1, SoftCap: 5), new(128, 16, 2, Window: 700, Rotated: true),
        new(256, 2, 1, Window: 270), new(256, 8, 4, Rotated: true), new(20, 4, 2), new(192, 4, 2), new(64, 2, 2, Causal: false), new(128, 8, 2, Cache: DType.F16),
        new(128, 32, 8, Cache: DType.I8), new(256, 2, 1, Cache: DType.I8), new(80, 4, 2, Window: 100, Cache: DType.I8), new(128, 32, 8, Rotated: true, Cache: DType.F8_E4M3), new(256, 2, 1, SoftCap: 5, Cache: DType.F8_E4M3),
    ];

    private readonly CpuBackend _cpu = new(activations: CpuActivations.F32);

    private int[] Lengths => Options.Size((int[])[1, 19, 262, 1500, 777], [1, 19, 40]);

    public override IEnumerable<Item> Items => Options.Size(Cases, [new(16, 4, 2, Window: 30, Rotated: true), new(64, 2, 1)]).Select(one => new Item(one.ToString(), log => Check(log, one)));

    public void Dispose() => _cpu.Dispose();

    private void Check(ResultLog log, Case one)
    {
        var scene = new AttentionScene(Lengths, one.Heads, one.KvHeads, one.HeadDim);
        var parameters = new AttentionParameters(one.Heads, 1 / MathF.Sqrt(one.HeadDim), one.Window, one.SoftCap, one.Causal);
        int longest = Lengths.Max();
        double rounding = one.Cache == DType.F8_E4M3 ? Fp8Rounding : Rounding;
        float[][] expected = scene.Attend(_cpu, one.Cache == DType.I8 ? DType.I8 : DType.F32, DType.F32, parameters, longest, one.Rotated), whole = OnCard(longest);
        log.Check($"{one}: prompts", Largest(BothBackends.Difference, expected, whole), rounding);
        foreach (int chunk in one.Causal ? (int[])[longest - 3, longest / 3] : []) // the last tokens decode
        {
            float[][] cut = OnCard(chunk);
            log.Check($"{one}: chunks of {chunk}, then decoding", Largest(BothBackends.Difference, expected, cut), rounding);
            log.Check($"{one}: bits, chunks of {chunk}", Largest((a, b) => BothBackends.DifferentBits(a, b), whole, cut), 0, "numbers that differ");
        }

        if (!GoesByWarpgroups(one)) return;
        log.Check($"{one}: prompts, wgmma", Largest(BothBackends.Difference, expected, OnCard(longest, deterministic: false)), rounding);
        if (one.Causal) log.Check($"{one}: chunks of {longest / 3}, then decoding, wgmma", Largest(BothBackends.Difference, expected, OnCard(longest / 3, deterministic: false)), rounding);

        float[][] OnCard(int chunk, bool deterministic = true)
        {
            using CudaBackend card = BothBackends.NewCard(Options, deterministic: deterministic);
            return scene.Attend(card, one.Cache, DType.BF16, parameters, chunk, one.Rotated);
        }
    }

    private bool GoesByWarpgroups(Case one)
    {
        using CudaBackend card = BothBackends.NewCard(Options);
        return card.LaunchOf(new KvCacheShape(1, one.KvHeads, one.HeadDim, BlockSize: 16, Blocks: 1, one.Cache)).ByWarpgroups;
    }

    private static double Largest(Comparison compare, float[][] one, float[][] other) => one.Zip(other).Max(pair => compare(pair.First, pair.Second));

    private delegate double Comparison(ReadOnlySpan<float> one, ReadOnlySpan<float> other);

    private sealed record Case(int HeadDim, int Heads, int KvHeads, int Window = 0, float SoftCap = 0, bool Causal = true, bool Rotated = false, DType Cache = DType.BF16)
    {
        public override string ToString() =>
            $"heads of {HeadDim}, {Heads} on {KvHeads}{(Window > 0 ? $", window {Window}" : "")}{(SoftCap > 0 ? $", soft cap {SoftCap}" : "")}{(Causal ? "" : ", not causal")}{(Rotated ? ", rotated" : "")}, {Cache} cache";
    }
}
