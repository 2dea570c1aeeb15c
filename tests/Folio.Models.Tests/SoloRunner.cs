using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Models.Tests;

/// <summary>A model and one sequence at a time: what an engine does, without the engine.</summary>
internal sealed class SoloRunner : IDisposable
{
    private const int BlockSize = 16;

    private readonly Backend _backend;
    private readonly KvCache _cache;
    private readonly StepBatch _batch;
    private readonly int[] _blocks;
    private readonly int _chunk;

    /// <param name="model">A folder or a .gguf file.</param>
    /// <param name="maxTokens">Tokens of the longest sequence.</param>
    /// <param name="chunk">Tokens of a step at most.</param>
    /// <param name="shuffle">Whether the blocks of the sequence lie in disorder.</param>
    public SoloRunner(string model, int maxTokens = 256, int chunk = 256, bool shuffle = false, int threads = 1, DType kvType = DType.F32)
        : this(model, new CpuBackend(threads, activations: CpuActivations.F32), maxTokens, chunk, shuffle, kvType)
    {
    }

    /// <param name="backend">Belongs to this from then on.</param>
    public SoloRunner(string model, Backend backend, int maxTokens, int chunk, bool shuffle, DType kvType)
    {
        using ModelSource source = ModelSource.Open(model);
        _backend = backend;
        Decoder = TransformerDecoder.Load(source, _backend);
        int blocks = (maxTokens + BlockSize - 1) / BlockSize;
        _blocks = [.. Enumerable.Range(0, blocks)];
        if (shuffle) new Random(7).Shuffle(_blocks);
        _chunk = chunk;
        _cache = _backend.AllocateKvCache(Decoder.Spec.KvCacheShape(BlockSize, blocks, kvType));
        _batch = new StepBatch(chunk, 1, blocks);
        Decoder.Reserve(chunk, 1, chunk, kvType);
    }

    public TransformerDecoder Decoder { get; }

    /// <summary>Logits of the last positions of a prompt, by position.</summary>
    public float[][] Prefill(int[] prompt, int last)
    {
        List<float[]> logits = [];
        for (int start = 0; start < prompt.Length; start += _chunk)
        {
            int[] tokens = prompt[start..Math.Min(start + _chunk, prompt.Length)];
            logits.AddRange(Step(tokens, start, prompt.Length, Math.Max(start, prompt.Length - last)));
        }

        return [.. logits];
    }

    /// <summary>Decodes greedily: the ids, and the logits that each was chosen by.</summary>
    public (int[] Ids, float[][] Logits) Greedy(int[] prompt, int count)
    {
        int[] ids = new int[count];
        float[][] logits = new float[count][];
        logits[0] = Prefill(prompt, last: 1)[0];
        for (int i = 0; i < count; i++)
        {
            ids[i] = logits[i].IndexOf(logits[i].Max());
            if (i + 1 < count) logits[i + 1] = Step([ids[i]], prompt.Length + i, prompt.Length, prompt.Length + i)[0];
        }

        return (ids, logits);
    }

    /// <summary>Logits behind one more token: a decoding step.</summary>
    public float[] Next(int token, int position) => Step([token], position, position + 1, position)[0];

    /// <summary>Logits before each of these ids, all of them given.</summary>
    public float[][] Given(int[] prompt, int[] ids) => Prefill([.. prompt, .. ids[..^1]], last: ids.Length);

    /// <summary>The sum of −log p over ids 1 … of a text, each given all before it.</summary>
    public double NegativeLogLikelihood(int[] ids)
    {
        double sum = 0;
        for (int start = 0; start < ids.Length; start += _chunk)
        {
            int end = Math.Min(start + _chunk, ids.Length);
            float[][] logits = Step(ids[start..end], start, ids.Length, start);
            for (int i = 0; i < logits.Length && start + i + 1 < ids.Length; i++) sum -= Logprob(logits[i], ids[start + i + 1]);
        }

        return sum;
    }

    /// <summary>log softmax of a row at one id.</summary>
    public static double Logprob(float[] logits, int id)
    {
        double max = logits.Max();
        return logits[id] - max - Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
    }

    public void Dispose() => _backend.Dispose();

    private float[][] Step(int[] tokens, int start, int promptLength, int firstWanted)
    {
        _batch.Clear();
        int row = _batch.Add(tokens, start, _blocks, BlockSize, promptLength);
        for (int position = firstWanted; position < start + tokens.Length; position++) _batch.WantLogits(row + position - start);
        Tensor logits = Decoder.Forward(_batch, _cache);
        return [.. Enumerable.Range(0, _batch.LogitRows).Select(i => _backend.HostRow(logits, i).ToArray())];
    }
}
