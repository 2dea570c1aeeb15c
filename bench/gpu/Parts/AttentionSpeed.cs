using Folio.Compute;
using Folio.Compute.Cuda;
using Folio.Compute.Cuda.Attention;

namespace Folio.GpuBench;

/// <summary>Attention of Llama 3.1's heads by itself: decoding against the memory's bandwidth, prompts against the largest product.</summary>
internal sealed class AttentionSpeed(Options options) : Part(options)
{
    private const int BlockSize = 16;

    private readonly ModelShape _shape = ModelShape.Of(options);

    /// <summary>Layers that are gone through in turn, so that none is in the card's L2 when it is read again.</summary>
    private int Layers => Options.Size(4, 1);

    public override IEnumerable<Item> Items
    {
        get
        {
            foreach ((int sequences, int context) in Options.Size(((int, int)[])[(64, 2048), (1, 8192), (1, 65536), (8, 8192), (256, 1024)], [(2, 40)]))
                yield return new($"decoding, {sequences} × {context}", log => MeasureDecode(log, sequences, context, DType.BF16));
            foreach (DType cache in (DType[])[DType.F8_E4M3, DType.I8])
            {
                (int sequences, int context) = Options.Size((64, 2048), (2, 40));
                yield return new($"decoding, {sequences} × {context}, {cache} cache", log => MeasureDecode(log, sequences, context, cache));
            }

            foreach ((int tokens, int before) in Options.Size(((int, int)[])[(2048, 0), (8192, 0), (512, 8192)], [(20, 0)]))
            {
                yield return new($"a prompt of {tokens} behind {before}", log => MeasurePrompt(log, tokens, before, deterministic: true));
                yield return new($"a prompt of {tokens} behind {before}, wgmma", log => MeasurePrompt(log, tokens, before, deterministic: false));
            }
        }
    }

    private void MeasureDecode(ResultLog log, int sequences, int context, DType cache)
    {
        (Samples seconds, double positionBytes, _) = Measure(sequences, tokens: 1, before: context - 1, cache);
        double gigabytes = sequences * context * positionBytes / 1e9;
        bool isAsked = (sequences, context, cache) == (64, 2048, DType.BF16);
        log.Figure($"decoding, {sequences} sequences of {context}, {cache} cache", seconds, gigabytes, "GB/s", result => result with { Rate = gigabytes / seconds.Median, Limit = Limits.Memory, WantedShare = isAsked ? 0.8 : null });
    }

    private void MeasurePrompt(ResultLog log, int tokens, int before, bool deterministic)
    {
        (Samples seconds, _, AttentionLaunch launch) = Measure(sequences: 1, tokens, before, DType.BF16, deterministic);
        string name = $"prefill attention: {(deterministic ? "mma.sync" : "wgmma")}, a prompt of {tokens} behind {before}, causal";
        if (launch.ByWarpgroups == deterministic)
        {
            log.Missing(name, "no such kernel for this card");
            return;
        }

        double operations = 4.0 * _shape.Heads * _shape.HeadDim * (tokens * (before + (tokens + 1) / 2.0)) / 1e12;
        log.Figure(name, seconds, operations, "TFLOP/s", result => result with { Rate = operations / seconds.Median, Limit = Limits.Products, Wanted = before == 0 && tokens >= 2048 ? 350 : null });
    }

    /// <returns>Seconds of a layer, bytes of a position's keys and values in it, and what was launched.</returns>
    private (Samples Seconds, double PositionBytes, AttentionLaunch Launch) Measure(int sequences, int tokens, int before, DType type, bool deterministic = false)
    {
        using CudaBackend card = BothBackends.NewCard(Options, deterministic: deterministic);
        int blocksEach = (before + tokens + BlockSize - 1) / BlockSize, rows = sequences * tokens;
        var shape = new KvCacheShape(Layers, _shape.KvHeads, _shape.HeadDim, BlockSize, sequences * blocksEach, type);
        KvCache cache = card.AllocateKvCache(shape);
        RandomBuffer.Fill(card.Context, ((CudaKvCache)cache).Data, cache.Bytes);
        card.ReserveAttention(rows, sequences, _shape.Heads, shape);
        Tensor q = BothBackends.Of(card, StoredValues.Activations(rows * _shape.Heads * _shape.HeadDim, 1), rows), y = card.Allocate(rows, _shape.Heads * _shape.HeadDim, DType.BF16);
        int[] blocks = [.. Enumerable.Range(0, shape.Blocks)];
        new Random(1).Shuffle(blocks);
        var batch = new StepBatch(rows, sequences, blocksEach);
        for (int s = 0; s < sequences; s++) batch.Add(new int[tokens], before, blocks.AsSpan(s * blocksEach, blocksEach), BlockSize, before + tokens);

        using var clock = new CardClock(Options, card.Context);
        Samples seconds = default;
        card.Run(batch, step =>
        {
            var parameters = new AttentionParameters(_shape.Heads, 1 / MathF.Sqrt(_shape.HeadDim));
            seconds = clock.Measure(() =>
            {
                for (int layer = 0; layer < Layers; layer++) card.Attention(cache, layer, q, step, parameters, y);
            });
        });
        return (seconds / Layers, (double)card.KvBytesPerBlock(shape) / (BlockSize * Layers), card.LaunchOf(shape));
    }
}
