using Folio.Compute;

namespace Folio.GpuBench;

/// <summary>Sequences with known queries, keys and values, which attend step by step on any backend.</summary>
/// <param name="lengths">Of the sequences.</param>
internal sealed class AttentionScene(int[] lengths, int heads, int kvHeads, int headDim)
{
    private const int BlockSize = 16;

    private readonly float[][] _q = [.. lengths.Select((length, s) => StoredValues.Activations(length * heads * headDim, 3 * s))];
    private readonly float[][] _k = [.. lengths.Select((length, s) => StoredValues.Activations(length * kvHeads * headDim, 3 * s + 1))];
    private readonly float[][] _v = [.. lengths.Select((length, s) => StoredValues.Activations(length * kvHeads * headDim, 3 * s + 2))];

    /// <param name="backend">One that hasn't run another scene.</param>
    /// <param name="cache">The type of its cache.</param>
    /// <param name="y">The type of what attention writes.</param>
    /// <param name="chunk">Tokens of a sequence in one step; those behind the last whole chunk come one by one.</param>
    /// <param name="rotated">Whether queries and keys are rotated on their way to the cache.</param>
    /// <returns>[sequences][length · heads · headDim]</returns>
    public float[][] Attend(Backend backend, DType cache, DType y, AttentionParameters parameters, int chunk, bool rotated = false)
    {
        int longest = lengths.Max(), blocksEach = longest / BlockSize + 1, tokens = lengths.Sum();
        var shape = new KvCacheShape(2, kvHeads, headDim, BlockSize, blocksEach * lengths.Length, cache);
        int[] blocks = [.. Enumerable.Range(0, shape.Blocks)];
        new Random(5).Shuffle(blocks);
        KvCache keys = backend.AllocateKvCache(shape);
        backend.ReserveAttention(tokens, lengths.Length, heads, shape);
        int size = heads * headDim, keySize = kvHeads * headDim;
        Tensor together = backend.Allocate(tokens, size + 2 * keySize); // as the product that makes them leaves them
        Tensor q = together.Slice(0, size), k = together.Slice(size, keySize), v = together.Slice(size + keySize, keySize);
        Tensor attended = BothBackends.Room(backend, tokens, size, y);
        RopeAngles angles = Angles(backend, longest);
        var batch = new StepBatch(tokens, lengths.Length, blocksEach);
        float[][] outputs = [.. _q.Select(values => new float[values.Length])];
        for (int start = 0, count; start < longest; start += count)
        {
            int first = start, own = count = start + chunk <= longest || start == 0 ? chunk : 1;
            (int Sequence, int Count)[] parts = [.. lengths.Select((length, s) => (s, Math.Min(own, length - first))).Where(part => part.Item2 > 0)];
            batch.Clear();
            foreach ((int s, int tokensOf) in parts) batch.Add(new int[tokensOf], start, blocks.AsSpan(s * blocksEach, blocksEach), BlockSize, lengths[s]);
            backend.Write(together, [.. parts.SelectMany(part => Enumerable.Range(first, part.Count).SelectMany(position => Row(part.Sequence, position)))]);
            backend.Run(batch, step =>
            {
                if (rotated) backend.RopeAndStoreKv(keys, 1, q.FirstRows(step.Tokens), k.FirstRows(step.Tokens), v.FirstRows(step.Tokens), angles, step);
                else backend.StoreKv(keys, 1, k.FirstRows(step.Tokens), v.FirstRows(step.Tokens), step.Slots);
                backend.Attention(keys, 1, q.FirstRows(step.Tokens), step, parameters, attended.FirstRows(step.Tokens));
            });
            float[] rows = BothBackends.Read(backend, attended.FirstRows(batch.Tokens));
            int row = 0;
            foreach ((int s, int tokensOf) in parts)
            {
                rows.AsSpan(row * size, tokensOf * size).CopyTo(outputs[s].AsSpan(start * size));
                row += tokensOf;
            }
        }

        return outputs;

        IEnumerable<float> Row(int s, int position) =>
            [.. _q[s].AsSpan(position * size, size), .. _k[s].AsSpan(position * keySize, keySize), .. _v[s].AsSpan(position * keySize, keySize)];
    }

    private RopeAngles Angles(Backend backend, int positions)
    {
        int half = headDim / 2;
        float[] angles = [.. Enumerable.Range(0, positions * half).Select(i => i / half / MathF.Pow(10_000, i % half / (float)half))];
        return new(BothBackends.Of(backend, [.. angles.Select(MathF.Cos)], positions), BothBackends.Of(backend, [.. angles.Select(MathF.Sin)], positions), RopeStyle.Halves, IsByPosition: true);
    }
}
