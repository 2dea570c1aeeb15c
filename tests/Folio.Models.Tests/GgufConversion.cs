using System.Runtime.InteropServices;
using Folio.Formats;

namespace Folio.Models.Tests;

/// <summary>Golden safetensors as llama.cpp's convert_hf_to_gguf.py would write them: names, permuted rows, turned matrices, baked rope factors.</summary>
internal static unsafe class GgufConversion
{
    /// <summary>Pieces of names: convert_hf_to_gguf.py's tensor_mapping, for the architectures at hand.</summary>
    private static readonly (string From, string To)[] Names =
    [
        ("model.embed_tokens.", "token_embd."), ("model.norm.", "output_norm."), ("lm_head.", "output."), ("model.layers.", "blk."),
        ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"), ("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"),
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
        ("transformer.wte.", "token_embd."), ("transformer.wpe.", "position_embd."), ("transformer.ln_f.", "output_norm."), ("transformer.h.", "blk."),
        ("embeddings.word_embeddings.", "token_embd."), ("embeddings.position_embeddings.", "position_embd."), ("embeddings.token_type_embeddings.", "token_types."), ("embeddings.LayerNorm.", "token_embd_norm."),
        ("encoder.layer.", "blk."), ("attention.self.query", "attn_q"), ("attention.self.key", "attn_k"), ("attention.self.value", "attn_v"), ("attention.output.dense", "attn_output"),
        ("attention.output.LayerNorm", "attn_output_norm"), ("intermediate.dense", "ffn_up"), ("output.dense", "ffn_down"), ("output.LayerNorm", "layer_output_norm"),
        ("ln_1", "attn_norm"), ("ln_2", "ffn_norm"), ("attn.c_attn", "attn_qkv"), ("attn.c_proj", "attn_output"), ("mlp.c_fc", "ffn_up"), ("mlp.c_proj", "ffn_down"),
    ];

    public static void Convert(string folder, string path)
    {
        ModelConfig config = ModelConfig.OpenFolder(folder);
        using SafetensorsFile file = SafetensorsFile.OpenFolder(folder);
        string architecture = config.ModelType!;
        GgufWriter gguf = new(architecture);
        WriteMetadata(gguf, config, rotary: architecture is not ("gpt2" or "bert"));
        if (architecture == "bert") gguf.Set("pooling_type", 1);
        foreach (StoredTensor tensor in file.Tensors)
        {
            float[] values = MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Bytes)).ToArray();
            long[] shape = [.. tensor.Shape];
            if (architecture == "llama" && tensor.Name.Contains("q_proj")) values = Permute(values, config.Heads, HeadDim(config));
            if (architecture == "llama" && tensor.Name.Contains("k_proj")) values = Permute(values, config.KvHeads, HeadDim(config));
            if (tensor.Name.Contains(".c_") && tensor.Name.EndsWith(".weight")) (values, shape) = (Transpose(values, (int)shape[1]), [shape[1], shape[0]]);
            gguf.Add(Names.Aggregate(tensor.Name, (name, piece) => name.Replace(piece.From, piece.To)), shape, values);
        }

        if (config.Rope.Type == "llama3") gguf.Add("rope_freqs.weight", [HeadDim(config) / 2], Llama3Divisors(config));
        gguf.Save(path);
    }

    private static int HeadDim(ModelConfig config) => config.HeadDim ?? config.HiddenSize / config.Heads;

    private static void WriteMetadata(GgufWriter gguf, ModelConfig config, bool rotary)
    {
        gguf.Set("vocab_size", config.VocabularySize);
        gguf.Set("block_count", config.Layers);
        gguf.Set("context_length", config.ContextLength!.Value);
        gguf.Set("embedding_length", config.HiddenSize);
        gguf.Set("feed_forward_length", config.FeedForwardSize ?? 4 * config.HiddenSize);
        gguf.Set("attention.head_count", config.Heads);
        gguf.Set(rotary ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", (float)config.NormEpsilon!.Value);
        if (!rotary) return;

        gguf.Set("attention.head_count_kv", config.KvHeads);
        gguf.Set("rope.freq_base", (float)config.Rope.Theta!.Value);
        gguf.Set("rope.dimension_count", HeadDim(config));
        if (config.HeadDim is { } headDim) gguf.Set("attention.key_length", headDim);
        if (config.Rope.Type is not ("linear" or "yarn")) return;

        gguf.Set("rope.scaling.type", config.Rope.Type);
        gguf.Set("rope.scaling.factor", (float)config.Rope.Factor!.Value);
        if (config.Rope.OriginalContextLength is { } original) gguf.Set("rope.scaling.original_context_length", original);
    }

    /// <summary>LlamaModel.permute: rows (head, half, channel) become (head, channel, half).</summary>
    private static float[] Permute(float[] values, int heads, int rows)
    {
        int columns = values.Length / (heads * rows);
        float[] permuted = new float[values.Length];
        for (int head = 0; head < heads; head++)
        {
            for (int row = 0; row < rows; row++)
            {
                int from = head * rows + row, to = head * rows + row % (rows / 2) * 2 + row / (rows / 2);
                values.AsSpan(from * columns, columns).CopyTo(permuted.AsSpan(to * columns));
            }
        }

        return permuted;
    }

    private static float[] Transpose(float[] values, int columns)
    {
        int rows = values.Length / columns;
        float[] turned = new float[values.Length];
        for (int i = 0; i < values.Length; i++) turned[i % columns * rows + i / columns] = values[i];
        return turned;
    }

    /// <summary>LlamaModel.generate_extra_tensors.</summary>
    private static float[] Llama3Divisors(ModelConfig config)
    {
        RopeConfig rope = config.Rope;
        int dim = HeadDim(config);
        double low = rope.LowFrequencyFactor!.Value, high = rope.HighFrequencyFactor!.Value, factor = rope.Factor!.Value, original = rope.OriginalContextLength!.Value;
        return [.. Enumerable.Range(0, dim / 2).Select(i => 2 * Math.PI * Math.Pow(rope.Theta!.Value, 2.0 * i / dim)).Select(wave =>
        {
            if (wave < original / high) return 1f;
            if (wave > original / low) return (float)factor;
            double smooth = (original / wave - low) / (high - low);
            return (float)(1 / ((1 - smooth) / factor + smooth));
        })];
    }
}
