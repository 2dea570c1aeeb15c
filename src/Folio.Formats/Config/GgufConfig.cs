namespace Folio.Formats;

/// <summary>GGUF metadata under config.json's names, so that an architecture is described once for both.</summary>
/// <remarks>
/// Source of GGUF's names: docs/gguf.md of the ggml project and llama.cpp's key list. Keys of the architecture without an entry here keep
/// their GGUF name ("llama.expert_count" becomes "expert_count").
/// </remarks>
internal static class GgufConfig
{
    /// <summary>Longer arrays (vocabularies) are no configuration.</summary>
    private const int MostElements = 4096;

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["vocab_size"] = "vocab_size",
        ["context_length"] = "max_position_embeddings",
        ["embedding_length"] = "hidden_size",
        ["block_count"] = "num_hidden_layers",
        ["feed_forward_length"] = "intermediate_size",
        ["attention.head_count"] = "num_attention_heads",
        ["attention.head_count_kv"] = "num_key_value_heads",
        ["attention.key_length"] = "head_dim",
        ["attention.layer_norm_rms_epsilon"] = "rms_norm_eps",
        ["attention.layer_norm_epsilon"] = "layer_norm_eps",
        ["attention.sliding_window"] = "sliding_window",
        ["rope.freq_base"] = "rope_theta",
        ["rope.freq_base_swa"] = "rope_local_base_freq",
        ["rope.dimension_count"] = "rotary_dim",
    };

    private static readonly Dictionary<string, string> RopeScalingNames = new(StringComparer.Ordinal)
    {
        ["rope.scaling.type"] = "rope_type",
        ["rope.scale_linear"] = "factor", // before rope.scaling.*
        ["rope.scaling.factor"] = "factor",
        ["rope.scaling.original_context_length"] = "original_max_position_embeddings",
        ["rope.scaling.yarn_beta_fast"] = "beta_fast",
        ["rope.scaling.yarn_beta_slow"] = "beta_slow",
    };

    private static readonly (string Gguf, string Config)[] Tokens =
    [
        ("tokenizer.ggml.bos_token_id", "bos_token_id"),
        ("tokenizer.ggml.eos_token_id", "eos_token_id"),
        ("tokenizer.ggml.padding_token_id", "pad_token_id"),
    ];

    public static ModelConfig Translate(GgufMetadata metadata)
    {
        string architecture = metadata.GetString("general.architecture");
        var values = new Dictionary<string, object?>(StringComparer.Ordinal) { ["architectures"] = new List<object?> { architecture } };
        var rope = new Dictionary<string, object?>(StringComparer.Ordinal);
        string prefix = architecture + ".";
        Dictionary<string, string> labels = Names.ToDictionary(name => name.Value, name => prefix + name.Key, StringComparer.Ordinal);

        foreach (string key in metadata.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string own = key[prefix.Length..];
            if (RopeScalingNames.TryGetValue(own, out string? ropeName)) rope[ropeName] = Value(metadata, key);
            else Set(Names.GetValueOrDefault(own, own), key);
        }

        foreach ((string gguf, string config) in Tokens) if (metadata.Has(gguf)) Set(config, gguf);
        if (!values.ContainsKey("vocab_size") && metadata.IsArray("tokenizer.ggml.tokens", out long tokens)) values["vocab_size"] = tokens;
        if (rope.Count > 0) values["rope_scaling"] = rope;
        return new ModelConfig(metadata.File, values, labels);

        void Set(string name, string key) => (values[name], labels[name]) = (Value(metadata, key), key);
    }

    /// <summary>A value as JSON would have it; an array whose elements are all equal (one per layer) as that element.</summary>
    private static object? Value(GgufMetadata metadata, string key)
    {
        if (metadata.IsArray(key, out long count) && count > MostElements) return null;
        object? value = metadata.GetValue(key);
        if (value is not Array array) return Scalar(value);

        var list = new List<object?>();
        foreach (object? item in array) list.Add(Scalar(item));
        return list.Count > 0 && list.TrueForAll(item => Equals(item, list[0])) ? list[0] : list;
    }

    private static object? Scalar(object? value) => value switch
    {
        string or bool => value,
        null or Array => null, // no key of a configuration nests arrays
        _ => GgufValues.Whole(value) is long whole ? whole : GgufValues.Real(value),
    };
}
