using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>A checkpoint: a folder with config.json and safetensors, or a GGUF file. Mapped, not yet loaded.</summary>
/// <remarks>Once its decoder is loaded and its tokenizer made, nothing refers to it any more: dispose of it to release the mapping.</remarks>
public sealed unsafe class ModelSource : IDisposable
{
    private ModelSource(string path, TensorFile tensors, ModelConfig config, GenerationDefaults generation, TokenizerConfig tokenizer)
    {
        Path = path;
        Tensors = tensors;
        Config = config;
        Generation = generation;
        Tokenizer = tokenizer;
    }

    /// <summary>Folder or file, as given.</summary>
    public string Path { get; }

    /// <summary>What it is called, where its folder or file has another name; null: as that.</summary>
    public string? Name { get; private init; }

    public TensorFile Tensors { get; }

    /// <summary>config.json, or what GGUF metadata says in its place.</summary>
    public ModelConfig Config { get; }

    /// <summary>Sampling defaults: generation_config.json, or GGUF metadata.</summary>
    public GenerationDefaults Generation { get; }

    /// <summary>Special tokens and chat templates: tokenizer_config.json and the files beside it, or GGUF metadata.</summary>
    public TokenizerConfig Tokenizer { get; }

    /// <summary>How safetensors' matrices are stored, where not as plain numbers.</summary>
    public WeightQuantization? Quantization => field ??= WeightQuantization.Of(Config);

    /// <summary>Weights that it has.</summary>
    public long Parameters => Tensors.Tensors.Sum(tensor => SizeOf(tensor).Values);

    /// <summary>How it makes one vector of a text.</summary>
    public EmbeddingConfig Embedding => field ??= EmbeddingConfig.Of(Folder, Config);

    /// <summary>Where tokenizer.json may lie; null for GGUF.</summary>
    public string? Folder { get; private init; }

    /// <summary>All that a GGUF file says, its vocabulary too; null for a folder.</summary>
    public GgufMetadata? Metadata { get; private init; }

    /// <summary>Where the config stands, as messages say it.</summary>
    internal string ConfigName => Metadata is null ? Config.File : "the file's metadata";

    /// <param name="path">A folder with config.json and safetensors, or a .gguf file.</param>
    /// <param name="name">What clients call it; null: as its folder or file.</param>
    public static ModelSource Open(string path, string? name = null)
    {
        if (Directory.Exists(path)) return OpenFolder(path, name);
        if (!File.Exists(path)) throw new ModelFormatException(path, "there is no such file or folder.");
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) return FromGguf(path, GgufFile.Open(path), name);
        throw new ModelFormatException(path, "a folder with config.json and safetensors, or a .gguf file, is expected.");
    }

    /// <summary>Bytes that its weights take once they are loaded; about, since backends pad.</summary>
    public long WeightBytes(Backend backend) => Tensors.Tensors.Sum(tensor => backend.KeepsStoredSize ? tensor.Bytes : SizeOf(tensor).Bytes);

    /// <summary>A GGUF file that the caller holds in memory, and keeps there until this is disposed.</summary>
    /// <param name="name">What messages call it.</param>
    public static ModelSource FromGguf(byte* data, long length, string name) => FromGguf(name, GgufFile.FromMemory(data, length, name));

    public void Dispose() => Tensors.Dispose();

    private (long Values, long Bytes) SizeOf(StoredTensor tensor) => Quantization?.Size(tensor) ?? WeightQuantization.PlainSize(tensor);

    private static ModelSource OpenFolder(string folder, string? name)
    {
        if (!File.Exists(System.IO.Path.Combine(folder, "config.json")) && Directory.EnumerateFiles(folder, "*.gguf").Order(StringComparer.Ordinal).FirstOrDefault() is { } gguf)
            throw new ModelFormatException(folder, $"the folder has no config.json, but a GGUF file: give its path, {gguf}.");
        ModelConfig config = ModelConfig.OpenFolder(folder);
        GenerationDefaults generation = GenerationDefaults.OpenFolder(folder);
        TokenizerConfig tokenizer = TokenizerConfig.OpenFolder(folder);
        return new(folder, SafetensorsFile.OpenFolder(folder), config, generation, tokenizer) { Folder = folder, Name = name };
    }

    private static ModelSource FromGguf(string path, GgufFile file, string? name = null)
    {
        try
        {
            GgufMetadata metadata = file.Metadata;
            return new(path, file, ModelConfig.FromGguf(metadata), GenerationDefaults.FromGguf(metadata), TokenizerConfig.FromGguf(metadata)) { Metadata = metadata, Name = name };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
