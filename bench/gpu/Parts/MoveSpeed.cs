using Folio.Compute;
using Folio.Compute.Cuda;
using Folio.Compute.Cuda.Attention;

namespace Folio.GpuBench;

/// <summary>Blocks of Llama 3.1 8B's cache: swapped out and in, against the link; copied on the card, against its memory.</summary>
internal sealed class MoveSpeed(Options options) : Part(options), IDisposable
{
    private readonly CudaBackend _card = BothBackends.NewCard(options);

    public override IEnumerable<Item> Items => [new("blocks", Measure)];

    public void Dispose() => _card.Dispose();

    private void Measure(ResultLog log)
    {
        ModelShape model = ModelShape.Of(Options);
        int pairs = Options.Size(128, 2);
        var shape = new KvCacheShape(model.Layers, model.KvHeads, model.HeadDim, BlockSize: 16, Options.Size(1024, 8));
        KvCache cache = _card.AllocateKvCache(shape);
        RandomBuffer.Fill(_card.Context, ((CudaKvCache)cache).Data, cache.Bytes);
        using HostKvBlocks host = _card.AllocateHostBlocks(shape with { Blocks = pairs });
        int[] blocks = [.. Enumerable.Range(0, shape.Blocks)];
        new Random(1).Shuffle(blocks);
        BlockCopy[] outs = [.. Enumerable.Range(0, pairs).Select(i => new BlockCopy(blocks[i], i))], ins = [.. outs.Select(copy => new BlockCopy(copy.Destination, copy.Source))];
        BlockCopy[] copies = [.. Enumerable.Range(0, pairs).Select(i => new BlockCopy(blocks[i], blocks[pairs + i]))];
        double gigabytes = (double)pairs * host.BytesPerBlock / 1e9;

        using CardClock clock = new(Options, _card.Context), beside = new(Options, _card.Context, _card.Context.CopyStream);
        Write($"{pairs} scattered blocks swapped out", beside.Measure(() => _card.CopyToHost(cache, host, outs)), gigabytes, Limits.ToHost);
        Write($"{pairs} scattered blocks swapped in", beside.Measure(() => _card.CopyFromHost(cache, host, ins)), gigabytes, Limits.ToCard);
        Write($"{pairs} scattered blocks copied on the card, both ways counted", clock.Measure(() => _card.CopyBlocks(cache, copies)), 2 * gigabytes, Limits.Memory);

        void Write(string name, Samples seconds, double amount, string limit) => log.Figure(name, seconds, amount, "GB/s", result => result with { Rate = amount / seconds.Median, Limit = limit });
    }
}
