using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>A family of checkpoints: what it is called, how its config becomes a spec, and how its tensors are named.</summary>
/// <param name="Names">"architectures" in config.json; then "model_type", for configs without it.</param>
/// <param name="GgufName">"general.architecture" in GGUF; null where llama.cpp doesn't know it, or by another's name.</param>
/// <param name="Tensors">Names in safetensors.</param>
internal sealed record Architecture(string[] Names, string? GgufName, Func<ModelConfig, DecoderSpec> Describe, TensorNames Tensors)
{
    /// <summary>Names in GGUF.</summary>
    public TensorNames GgufTensors { get; init; } = Gguf.Names;

    /// <summary>"architectures" of checkpoints that are saved without a head: they make embeddings only.</summary>
    public string[] NamesWithoutHead { get; init; } = [];

    /// <summary>How llama.cpp's converter leaves the channels of queries and keys.</summary>
    public RopeStyle GgufRope { get; init; } = RopeStyle.Halves;

    /// <summary>All that this project knows.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Llama.Architecture,
        Mistral.Architecture,
        Qwen2.Architecture,
        Qwen3.Architecture,
        Gpt2.Architecture,
        Opt.Architecture,
        Bert.Architecture,
    ];

    /// <summary>What a checkpoint is made of, and where its tensors are.</summary>
    public static (DecoderSpec Spec, TensorNames Names) Resolve(ModelSource source)
    {
        bool gguf = source.Metadata is not null;
        ModelConfig config = source.Config;
        string name = config.Architecture;
        Architecture architecture = All.FirstOrDefault(known => gguf ? known.GgufName == name : known.Knows(name)) ?? throw Unsupported(config, gguf);
        _ = source.Quantization; // is refused here if it isn't known
        TensorNames names = gguf ? architecture.GgufTensors : architecture.Tensors.AsIn(source.Tensors);
        DecoderSpec spec = architecture.SpecOf(config, name);
        if (gguf) spec = Gguf.Complete(spec, source, architecture);
        spec.Check(config.File);
        return (spec, names);
    }

    /// <summary>What a config.json describes, however its weights may be stored.</summary>
    public static DecoderSpec SpecOf(ModelConfig config)
    {
        Architecture architecture = All.FirstOrDefault(known => known.Knows(config.Architecture)) ?? throw Unsupported(config, gguf: false);
        DecoderSpec spec = architecture.SpecOf(config, config.Architecture);
        spec.Check(config.File);
        return spec;
    }

    private bool Knows(string name) => Names.Contains(name) || NamesWithoutHead.Contains(name);

    private DecoderSpec SpecOf(ModelConfig config, string name)
    {
        DecoderSpec spec = Describe(config) with { Name = name };
        return NamesWithoutHead.Contains(name) ? spec with { HasHead = false } : spec;
    }

    private static ModelFormatException Unsupported(ModelConfig config, bool gguf)
    {
        IEnumerable<string> known = gguf ? All.Select(architecture => architecture.GgufName).OfType<string>() : All.Select(architecture => architecture.Names[0]);
        return new(config.File, $"the architecture '{config.Architecture}' is not supported{(gguf ? " from GGUF" : "")}; these are: {string.Join(", ", known)}.");
    }
}
