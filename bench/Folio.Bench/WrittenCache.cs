using Folio.Compute;

namespace Folio.Bench;

/// <summary>Caches as a context leaves them. Pages that nobody wrote are all one page of zeros, which the processor's caches hold: attention would read them too fast.</summary>
internal static class WrittenCache
{
    private const int RowsAtOnce = 512;

    /// <summary>Writes keys and values into every slot of every layer.</summary>
    public static void Fill(Backend backend, KvCache cache)
    {
        KvCacheShape shape = cache.Shape;
        int slots = shape.Blocks * shape.BlockSize, rows = Math.Min(RowsAtOnce, slots);
        Tensor k = backend.Allocate(rows, shape.KvHeads * shape.HeadDim), v = backend.Allocate(rows, shape.KvHeads * shape.HeadDim);
        var random = new Random(1);
        foreach (Tensor tensor in (Tensor[])[k, v]) backend.Write(tensor, [.. Enumerable.Range(0, rows * shape.KvHeads * shape.HeadDim).Select(_ => random.NextSingle() - 0.5f)]);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            for (int first = 0; first < slots; first += rows)
            {
                int count = Math.Min(rows, slots - first);
                int[] written = [.. Enumerable.Range(first, count)];
                backend.StoreKv(cache, layer, k.FirstRows(count), v.FirstRows(count), written);
            }
        }
    }
}
