namespace Folio.Formats;

/// <summary>What a checkpoint says about its architecture: config.json of any age, or GGUF metadata, under one set of names.</summary>
/// <remarks>
/// The names are config.json's; <see cref="GgufConfig"/> translates GGUF's. Keys that only one architecture has are read with the getters of
/// <see cref="ConfigSection"/>: <c>config.Flag("do_layer_norm_before")</c>. What is absent equals a default of the architecture, which this class doesn't know.
/// </remarks>
public sealed class ModelConfig : ConfigSection
{
    // Bounds for numbers that size buffers: a few times what the largest published models have.
    private const int MostLayers = 4096;
    private const int MostHeads = 65_536;
    private const int MostWidth = 1 << 22;
    private const int MostTokens = 1 << 26;

    private const string FileName = "config.json";

    private readonly IReadOnlyDictionary<string, string> _labels;

    /// <param name="labels">Names of keys in the file where they differ from config.json's.</param>
    internal ModelConfig(string file, Dictionary<string, object?> values, IReadOnlyDictionary<string, string>? labels = null) : base(file, values) =>
        _labels = labels ?? new Dictionary<string, string>();

    /// <summary>The class of Hugging Face transformers ("LlamaForCausalLM"; "llama" where a config names no class), or GGUF's general.architecture ("llama").</summary>
    public string Architecture => Texts("architectures") is [string first, ..] ? first : ModelType ?? throw new ModelFormatException(File, "'architectures' and 'model_type' are missing: the model's architecture is unknown.");

    public string? ModelType => Text("model_type");

    /// <summary>Values of a token between layers.</summary>
    public int HiddenSize => RequiredCount(MostWidth, "hidden_size", "n_embd", "d_model");

    public int Layers => RequiredCount(MostLayers, "num_hidden_layers", "n_layer", "num_layers");

    /// <summary>Query heads.</summary>
    public int Heads => RequiredCount(MostHeads, "num_attention_heads", "n_head", "num_heads");

    /// <summary>Key-value heads; as many as query heads unless said otherwise.</summary>
    public int KvHeads => Count(MostHeads, "num_key_value_heads", "num_kv_heads") ?? Heads;

    /// <summary>Channels of a head, where they aren't simply the hidden size shared among the heads.</summary>
    public int? HeadDim => Count(MostWidth, "head_dim");

    /// <summary>Values between the matrices of the feed-forward block.</summary>
    public int? FeedForwardSize => Count(MostWidth, "intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size");

    public int VocabularySize => RequiredCount(MostTokens, "vocab_size");

    /// <summary>Tokens that the model's positions reach.</summary>
    public int? ContextLength => Count(int.MaxValue, "max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length");

    public double? NormEpsilon => Number("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps");

    /// <summary>The feed-forward block's function, as transformers names it: silu, gelu, gelu_new, gelu_pytorch_tanh, relu …</summary>
    public string? Activation => Text("hidden_act", "hidden_activation", "activation_function", "activation");

    /// <summary>Whether the head is the token embedding. Null in GGUF, where it is so if the file has no output.weight.</summary>
    public bool? TieWordEmbeddings => Flag("tie_word_embeddings");

    public bool? AttentionBias => Flag("attention_bias", "qkv_bias", "use_qkv_bias");

    public bool? MlpBias => Flag("mlp_bias");

    /// <summary>A token sees so many tokens, itself among them; null: all. In which layers is the architecture's to say.</summary>
    public int? SlidingWindow => Int("sliding_window") is int window and > 0 ? window : null;

    /// <summary>Qwen's switch for <see cref="SlidingWindow"/>, which it writes even where no layer uses it.</summary>
    public bool? UseSlidingWindow => Flag("use_sliding_window");

    /// <summary>Qwen's first layer with a window, where <see cref="LayerTypes"/> is absent.</summary>
    public int? MaxWindowLayers => Int("max_window_layers");

    /// <summary>"full_attention", "sliding_attention" …, one per layer.</summary>
    public IReadOnlyList<string>? LayerTypes
    {
        get
        {
            IReadOnlyList<string>? types = Texts("layer_types");
            if (types is not null && types.Count != Layers) throw new ModelFormatException(File, $"'layer_types' has {types.Count} entries; {Layers} layers are expected to have one each.");
            return types;
        }
    }

    /// <summary>The type that weights were saved in: float32, float16, bfloat16.</summary>
    public string? DType => Text("dtype", "torch_dtype")?.Replace("torch.", "", StringComparison.Ordinal);

    public int? BosTokenId => Int("bos_token_id");

    /// <summary>Tokens that end a sequence; empty where none is named.</summary>
    public IReadOnlyList<int> EosTokenIds => Ints("eos_token_id") ?? [];

    public int? PadTokenId => Int("pad_token_id");

    /// <summary>Rotary positions of the model, or of its layers of full attention where kinds of layers differ.</summary>
    public RopeConfig Rope => field ??= RopeConfig.Of(this);

    /// <summary>Rotary positions of the layers with a sliding window; <see cref="Rope"/> unless the config tells them apart.</summary>
    public RopeConfig SlidingRope => field ??= RopeConfig.OfSlidingLayers(this);

    /// <summary>Reads config.json of a folder.</summary>
    public static ModelConfig OpenFolder(string folder) => Open(Path.Combine(folder, FileName));

    public static ModelConfig Open(string path)
    {
        using FileBytes file = FileBytes.Map(path);
        return Parse(file.Text(JsonTree.MostBytes), file.Name);
    }

    /// <param name="file">The name that messages show.</param>
    public static ModelConfig Parse(ReadOnlySpan<byte> json, string file = FileName) => new(file, JsonTree.Parse(json, file));

    /// <summary>The same from a GGUF file's metadata; <see cref="Architecture"/> is then GGUF's name for it.</summary>
    public static ModelConfig FromGguf(GgufMetadata metadata) => GgufConfig.Translate(metadata);

    public override string Label(string key) => _labels.GetValueOrDefault(key, key);
}
