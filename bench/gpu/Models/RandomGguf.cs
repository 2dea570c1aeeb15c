using Folio.Compute;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>A GGUF file in memory. Any size fits any host: matrices are made of the same few pages over and over, and differ from each other on the card alone.</summary>
internal sealed unsafe class RandomGguf : RandomModel
{
    private const int Page = 4096;
    private const long MostPeriod = 256 << 20;

    private readonly RepeatedMemory _memory;
    private readonly long _bytes;

    public RandomGguf(ModelShape shape, DType type)
    {
        GgufHeader header = Describe(shape);
        int norms = 2 * shape.Layers + 1;
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            header.Tensor($"blk.{layer}.attn_norm.weight", DType.F32, shape.Hidden);
            header.Tensor($"blk.{layer}.ffn_norm.weight", DType.F32, shape.Hidden);
        }

        header.Tensor("output_norm.weight", DType.F32, shape.Hidden);
        long normBytes = (header.DataBytes + Page - 1) / Page * Page;
        header.Skip(normBytes);
        AddMatrices(header, shape, type);

        byte[] head = header.ToBytes(dataMultiple: Page);
        long matrixBytes = header.DataBytes - normBytes, unit = (long)QuantizedBlocks.BlockBytes(type) * Page, period = Math.Clamp(matrixBytes / unit, 1, MostPeriod / unit) * unit;
        _bytes = head.Length + header.DataBytes;
        _memory = new RepeatedMemory(head.Length + normBytes, matrixBytes, period, (pages, bytes) => StoredValues.Fill(type, (byte*)pages, bytes));
        head.CopyTo(new Span<byte>(_memory.Data, head.Length));
        new Span<float>(_memory.Data + head.Length, norms * shape.Hidden).Fill(1);
    }

    public override ModelSource Open() => ModelSource.FromGguf(_memory.Data, _bytes, "random.gguf");

    public void Save(string path)
    {
        using FileStream file = File.Create(path);
        file.Write(new(_memory.Data, checked((int)_bytes)));
    }

    public override void Dispose() => _memory.Dispose();

    private static GgufHeader Describe(ModelShape shape)
    {
        var header = new GgufHeader();
        header.Pair("general.architecture", "llama");
        header.Pair("llama.vocab_size", shape.Vocabulary);
        header.Pair("llama.context_length", shape.Context);
        header.Pair("llama.embedding_length", shape.Hidden);
        header.Pair("llama.block_count", shape.Layers);
        header.Pair("llama.feed_forward_length", shape.FeedForward);
        header.Pair("llama.attention.head_count", shape.Heads);
        header.Pair("llama.attention.head_count_kv", shape.KvHeads);
        header.Pair("llama.attention.key_length", shape.HeadDim);
        header.Pair("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        header.Pair("llama.rope.freq_base", 500_000f);
        return header;
    }

    /// <summary>Each a whole number of blocks, one behind the other: so every one begins where a block does, wherever in the pages that repeat.</summary>
    private static void AddMatrices(GgufHeader header, ModelShape shape, DType type)
    {
        int queries = shape.Heads * shape.HeadDim, keys = shape.KvHeads * shape.HeadDim;
        header.Tensor("token_embd.weight", type, shape.Vocabulary, shape.Hidden);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            header.Tensor($"blk.{layer}.attn_q.weight", type, queries, shape.Hidden);
            header.Tensor($"blk.{layer}.attn_k.weight", type, keys, shape.Hidden);
            header.Tensor($"blk.{layer}.attn_v.weight", type, keys, shape.Hidden);
            header.Tensor($"blk.{layer}.attn_output.weight", type, shape.Hidden, queries);
            header.Tensor($"blk.{layer}.ffn_gate.weight", type, shape.FeedForward, shape.Hidden);
            header.Tensor($"blk.{layer}.ffn_up.weight", type, shape.FeedForward, shape.Hidden);
            header.Tensor($"blk.{layer}.ffn_down.weight", type, shape.Hidden, shape.FeedForward);
        }

        header.Tensor("output.weight", type, shape.Vocabulary, shape.Hidden);
    }
}
