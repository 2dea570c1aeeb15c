using Folio.Formats;
using Folio.Models;

namespace Folio.Simulation;

/// <summary>A model to plan for: one that is known by name, or a checkpoint of one's own, of which the config alone is enough.</summary>
public static class ModelFile
{
    /// <param name="model">A name; a .gguf file; a config.json, or a folder with one.</param>
    /// <exception cref="FolioException">It is none of these, or can't be read.</exception>
    public static ModelShape Shape(string model)
    {
        if (ModelShape.All.Any(known => known.Name.Equals(model, StringComparison.OrdinalIgnoreCase))) return ModelShape.Named(model);
        if (model.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && File.Exists(model)) return FromConfig(model);
        if (Directory.Exists(model) && !Directory.EnumerateFiles(model, "*.safetensors").Any()) return FromConfig(Path.Combine(model, "config.json"));
        if (!File.Exists(model) && !Directory.Exists(model)) return ModelShape.Named(model);
        using ModelSource source = ModelSource.Open(model);
        return ModelShape.From(Path.GetFileNameWithoutExtension(model.TrimEnd(Path.DirectorySeparatorChar)), TransformerDecoder.Describe(source), source.Tensors.Tensors.Sum(tensor => (double)tensor.Bytes));
    }

    private static ModelShape FromConfig(string file)
    {
        ModelConfig config = ModelConfig.Open(file);
        return ModelShape.From(Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file))) ?? file, TransformerDecoder.Describe(config));
    }
}
