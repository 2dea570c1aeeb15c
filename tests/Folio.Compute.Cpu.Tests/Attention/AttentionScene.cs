namespace Folio.Compute.Cpu.Tests.Attention;

/// <summary>Some sequences with known queries, keys and values, run through a cache in any chunks, and the plain attention over them.</summary>
internal sealed class AttentionScene(int[] lengths, int heads, int kvHeads, int headDim, AttentionParameters parameters, int seed = 1, DType type = DType.F32)
{
    private readonly float[][] _q = [.. lengths.Select((length, s) => Given.Values(length * heads * headDim, seed + 3 * s))];
    private readonly float[][] _k = [.. lengths.Select((length, s) => Given.Values(length * kvHeads * headDim, seed + 3 * s + 1))];
    private readonly float[][] _v = [.. lengths.Select((length, s) => Given.Values(length * kvHeads * headDim, seed + 3 * s + 2))];

    /// <summary>Outputs of every token of every sequence, computed in double from the definition.</summary>
    public double[][] Expected()
    {
        var all = new double[lengths.Length][];
        for (int s = 0; s < lengths.Length; s++)
        {
            all[s] = new double[lengths[s] * heads * headDim];
            float[] k = Stored(_k[s]), v = Stored(_v[s]);
            for (int p = 0; p < lengths[s]; p++)
            {
                for (int head = 0; head < heads; head++) Row(s, p, head, k, v, all[s].AsSpan((p * heads + head) * headDim, headDim));
            }
        }

        return all;
    }

    /// <summary>Runs the sequences through a fresh cache; each step takes up to <paramref name="chunk"/> tokens of every sequence that is not finished.</summary>
    public float[][] Run(int threads, int blockSize, int chunk, bool scattered = false, int only = -1, float poison = 0, CpuIsa? isa = null)
    {
        using var backend = new CpuBackend(threads, isa);
        int blocksPerSequence = lengths.Max() / blockSize + 1, blocks = blocksPerSequence * lengths.Length + 3;
        KvCache cache = backend.AllocateKvCache(new(Layers: 2, kvHeads, headDim, blockSize, blocks, type));
        int[] order = [.. Enumerable.Range(0, blocks)];
        if (scattered) new Random(5).Shuffle(order);
        if (poison != 0) Fill(backend, cache, poison);

        var batch = new StepBatch(maxTokens: lengths.Sum(), maxSequences: lengths.Length, blocksPerSequence);
        float[][] outputs = [.. lengths.Select(length => new float[length * heads * headDim])];
        for (int start = 0; start < lengths.Max(); start += chunk)
        {
            batch.Clear();
            List<(int Sequence, int Start, int Count)> parts = [];
            for (int s = 0; s < lengths.Length; s++)
            {
                int count = Math.Min(chunk, lengths[s] - start);
                if (count <= 0 || (only >= 0 && s != only)) continue;
                batch.Add(new int[count], start, order.AsSpan(s * blocksPerSequence, blocksPerSequence), blockSize, lengths[s]);
                parts.Add((s, start, count));
            }

            if (parts.Count == 0) break;
            Tensor q = Rows(backend, _q, parts, heads * headDim), k = Rows(backend, _k, parts, kvHeads * headDim), v = Rows(backend, _v, parts, kvHeads * headDim);
            Tensor y = backend.Allocate(batch.Tokens, heads * headDim);
            backend.StoreKv(cache, 1, k, v, batch.Slots);
            backend.Attention(cache, 1, q, batch, parameters, y);
            int row = 0;
            foreach ((int s, int first, int count) in parts)
            {
                for (int i = 0; i < count; i++) backend.HostRow(y, row++).CopyTo(outputs[s].AsSpan((first + i) * heads * headDim));
            }
        }

        return outputs;
    }

    private static void Fill(CpuBackend backend, KvCache cache, float value)
    {
        Tensor rows = backend.Allocate(cache.Shape.BlockSize * cache.Shape.Blocks, cache.Shape.KvHeads * cache.Shape.HeadDim);
        for (int row = 0; row < rows.Rows; row++) backend.HostRow(rows, row).Fill(value);
        backend.StoreKv(cache, 1, rows, rows, Enumerable.Range(0, rows.Rows).ToArray());
    }

    private static Tensor Rows(CpuBackend backend, float[][] values, List<(int Sequence, int Start, int Count)> parts, int columns) =>
        backend.Buffer([.. parts.SelectMany(part => values[part.Sequence].Skip(part.Start * columns).Take(part.Count * columns))], columns, padding: 8);

    private void Row(int s, int p, int head, float[] k, float[] v, Span<double> y)
    {
        int group = heads / kvHeads, first = parameters.Window > 0 ? Math.Max(0, p - parameters.Window + 1) : 0;
        int last = parameters.Causal ? p : lengths[s] - 1;
        var weights = new double[last + 1];
        for (int t = first; t <= last; t++)
        {
            double score = 0;
            for (int c = 0; c < headDim; c++)
                score += (double)_q[s][(p * heads + head) * headDim + c] * k[(t * kvHeads + head / group) * headDim + c];
            score *= parameters.Scale;
            weights[t] = parameters.SoftCap > 0 ? parameters.SoftCap * Math.Tanh(score / parameters.SoftCap) : score;
        }

        double max = weights[first..].Max(), sum = 0;
        for (int t = first; t <= last; t++) sum += weights[t] = Math.Exp(weights[t] - max);
        for (int t = first; t <= last; t++)
        {
            for (int c = 0; c < headDim; c++) y[c] += weights[t] / sum * v[(t * kvHeads + head / group) * headDim + c];
        }
    }

    private float[] Stored(float[] numbers) => [.. numbers.Select((_, i) => Stored(numbers, i / headDim, i % headDim))];

    /// <summary>
    /// What the cache keeps of a number of a head's keys or values. BF16: the nearest number with zeros in the lower half, of two equally near ones the even one;
    /// I8: the nearest multiple of a scale, the head's largest magnitude / 127.
    /// </summary>
    private float Stored(float[] numbers, int head, int channel)
    {
        float value = numbers[head * headDim + channel];
        if (type == DType.F32) return value;
        if (type == DType.I8)
        {
            float largest = numbers.AsSpan(head * headDim, headDim).ToArray().Max(Math.Abs);
            return MathF.Round(value * (127 / largest)) * (largest / 127);
        }

        uint high = BitConverter.SingleToUInt32Bits(value) >> 16;
        float below = BitConverter.UInt32BitsToSingle(high << 16), above = BitConverter.UInt32BitsToSingle(high + 1 << 16);
        double toBelow = Math.Abs((double)value - below), toAbove = Math.Abs((double)above - value);
        return toBelow < toAbove || (toBelow == toAbove && high % 2 == 0) ? below : above;
    }
}
