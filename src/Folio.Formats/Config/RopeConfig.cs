namespace Folio.Formats;

/// <summary>Rotary positions as a config describes them, in any of its styles. Null: the architecture's default.</summary>
public sealed record RopeConfig
{
    /// <summary>"default", "linear", "dynamic", "llama3", "yarn", "longrope", or a name that nobody here knows: the model refuses it.</summary>
    public string Type { get; init; } = "default";

    /// <summary>The base of the frequencies.</summary>
    public double? Theta { get; init; }

    /// <summary>How far the context is stretched.</summary>
    public double? Factor { get; init; }

    /// <summary>The context length first trained on.</summary>
    public int? OriginalContextLength { get; init; }

    /// <summary>llama3: wave lengths above the original context divided by this are stretched by the whole factor.</summary>
    public double? LowFrequencyFactor { get; init; }

    /// <summary>llama3: wave lengths below the original context divided by this stay as they are.</summary>
    public double? HighFrequencyFactor { get; init; }

    /// <summary>yarn: rotations within the original context above which a channel stays as it is.</summary>
    public double? BetaFast { get; init; }

    /// <summary>yarn: rotations within the original context below which a channel is fully interpolated.</summary>
    public double? BetaSlow { get; init; }

    /// <summary>yarn, longrope: what cosines and sines are multiplied by.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>yarn of DeepSeek: weights of the logarithm in the attention factor.</summary>
    public double? Mscale { get; init; }

    public double? MscaleAllDim { get; init; }

    /// <summary>yarn: whether the bounds of the blend are rounded to whole channels.</summary>
    public bool? Truncate { get; init; }

    /// <summary>longrope: a divisor per channel pair while the sequence fits the original context.</summary>
    public IReadOnlyList<double>? ShortFactors { get; init; }

    /// <summary>longrope: the divisors beyond it.</summary>
    public IReadOnlyList<double>? LongFactors { get; init; }

    /// <summary>The share of a head's channels that turn.</summary>
    public double? PartialRotaryFactor { get; init; }

    /// <summary>The number of a head's channels that turn (GGUF, and the first GPT-J-like configs).</summary>
    public int? RotaryDim { get; init; }

    /// <summary>The rope of a model, or of its full-attention layers.</summary>
    internal static RopeConfig Of(ModelConfig config) =>
        config.Section("rope_parameters") is { } parameters
            ? From(config, parameters.Section("full_attention") ?? parameters)
            : From(config, config.Section("rope_scaling"));

    internal static RopeConfig OfSlidingLayers(ModelConfig config)
    {
        if (config.Section("rope_parameters")?.Section("sliding_attention") is { } own) return From(config, own);

        // Gemma 3's older style: the windowed layers have a base of their own, and the scaling is the other layers' alone.
        return config.Number("rope_local_base_freq") is double theta ? From(config, null) with { Theta = theta } : config.Rope;
    }

    /// <param name="section">rope_parameters (which holds rope_theta too) or the older rope_scaling; null: plain rope.</param>
    private static RopeConfig From(ModelConfig config, ConfigSection? section)
    {
        ConfigSection own = section ?? new ConfigSection(config.File, []);
        return new RopeConfig
        {
            Type = TypeName(own.Text("rope_type", "type") ?? (own.Has("factor") ? "linear" : null)), // llama.cpp's rule: a factor alone is linear
            Theta = own.Number("rope_theta") ?? config.Number("rope_theta", "rotary_emb_base"),
            Factor = own.Number("factor"),
            OriginalContextLength = own.Int("original_max_position_embeddings") ?? config.Int("original_max_position_embeddings"),
            LowFrequencyFactor = own.Number("low_freq_factor"),
            HighFrequencyFactor = own.Number("high_freq_factor"),
            BetaFast = own.Number("beta_fast"),
            BetaSlow = own.Number("beta_slow"),
            AttentionFactor = own.Number("attention_factor"),
            Mscale = own.Number("mscale"),
            MscaleAllDim = own.Number("mscale_all_dim"),
            Truncate = own.Flag("truncate"),
            ShortFactors = own.Numbers("short_factor"),
            LongFactors = own.Numbers("long_factor"),
            PartialRotaryFactor = own.Number("partial_rotary_factor") ?? config.Number("partial_rotary_factor", "rotary_pct"),
            RotaryDim = config.Int("rotary_dim"),
        };
    }

    /// <summary>Names that mean the same: "su" is longrope's first one, "none" GGUF's default.</summary>
    private static string TypeName(string? name) => name switch
    {
        null or "none" => "default",
        "su" => "longrope",
        _ => name,
    };
}
