namespace Folio.Formats;

/// <summary>generation_config.json: how a checkpoint's authors would have it sampled. Null: they don't say.</summary>
public sealed record GenerationDefaults
{
    private const string FileName = "generation_config.json";

    /// <summary>False: the authors want greedy decoding.</summary>
    public bool? DoSample { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public int? TopK { get; init; }

    public double? MinP { get; init; }

    public double? RepetitionPenalty { get; init; }

    public int? MaxNewTokens { get; init; }

    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a sequence; empty where none is named.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    public int? PadTokenId { get; init; }

    /// <summary>Reads a folder's file; says nothing where there is none.</summary>
    public static GenerationDefaults OpenFolder(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new GenerationDefaults();
        using FileBytes file = FileBytes.Map(path);
        return Parse(file.Text(JsonTree.MostBytes));
    }

    /// <param name="file">The name that messages show.</param>
    public static GenerationDefaults Parse(ReadOnlySpan<byte> json, string file = FileName)
    {
        var section = new ConfigSection(file, JsonTree.Parse(json, file));
        return new GenerationDefaults
        {
            DoSample = section.Flag("do_sample"),
            Temperature = section.Number("temperature"),
            TopP = section.Number("top_p"),
            TopK = section.Int("top_k"),
            MinP = section.Number("min_p"),
            RepetitionPenalty = section.Number("repetition_penalty"),
            MaxNewTokens = section.Int("max_new_tokens"),
            BosTokenId = section.Int("bos_token_id"),
            EosTokenIds = section.Ints("eos_token_id") ?? [],
            PadTokenId = section.Int("pad_token_id"),
        };
    }

    /// <summary>What GGUF files hold of it: the ids that end a text, a turn or a message, and general.sampling.* where a converter wrote it.</summary>
    public static GenerationDefaults FromGguf(GgufMetadata metadata)
    {
        string[] ends = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];
        return new GenerationDefaults
        {
            Temperature = Number("general.sampling.temp"),
            TopP = Number("general.sampling.top_p"),
            TopK = Whole("general.sampling.top_k"),
            MinP = Number("general.sampling.min_p"),
            RepetitionPenalty = Number("general.sampling.penalty_repeat"),
            BosTokenId = metadata.FindId("tokenizer.ggml.bos_token_id"),
            EosTokenIds = [.. ends.Select(metadata.FindId).OfType<int>().Distinct()],
            PadTokenId = metadata.FindId("tokenizer.ggml.padding_token_id"),
        };

        int? Whole(string key) => metadata.TryGetInt32(key, out int value) ? value : null;
        double? Number(string key) => metadata.TryGetDouble(key, out double value) ? value : null;
    }
}
