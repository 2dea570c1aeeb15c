using System.Text.Json;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>A model to be checked, and prompts for it.</summary>
/// <param name="Path">A folder or a .gguf file.</param>
internal sealed record ModelFile(string Name, string Path, int[][] Prompts)
{
    /// <summary>The demo model, and whatever a folder of golden models holds.</summary>
    public static IEnumerable<ModelFile> All(Options options)
    {
        yield return options.Tiny ? MakeTiny() : new("demo", Demo, RandomPrompts(vocabulary: 8000, [5, 60, 200]));
        if (options.Golden is null || options.Tiny) yield break;
        foreach (string folder in Directory.EnumerateDirectories(options.Golden).Order(StringComparer.Ordinal))
        {
            if (OfGolden(folder) is { } model) yield return model;
        }
    }

    /// <summary>Beside the program.</summary>
    public static string Demo => System.IO.Path.Combine(AppContext.BaseDirectory, "folio-demo.Q8_0.gguf");

    private static ModelFile MakeTiny()
    {
        string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"folio-gpu-bench-{Environment.ProcessId}.gguf");
        using var model = new RandomGguf(ModelShape.Tiny, Compute.DType.BF16);
        model.Save(path);
        return new("random", path, RandomPrompts(ModelShape.Tiny.Vocabulary, [20]));
    }

    private static int[][] RandomPrompts(int vocabulary, int[] lengths)
    {
        var random = new Random(1);
        return [.. lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(3, vocabulary)).ToArray())];
    }

    /// <summary>Whether it makes tokens, and of what Folio knows.</summary>
    public bool Generates(out string why)
    {
        try
        {
            using ModelSource source = ModelSource.Open(Path);
            DecoderSpec spec = TransformerDecoder.Describe(source);
            why = "it makes no tokens";
            return spec is { HasHead: true, Causal: true };
        }
        catch (FolioException error)
        {
            why = error.Message;
            return false;
        }
    }

    /// <summary>A folder of shared/golden: its README says what lies in it.</summary>
    /// <returns>Null: no model with prompts.</returns>
    private static ModelFile? OfGolden(string folder)
    {
        string gguf = System.IO.Path.Combine(folder, "model.gguf"), config = System.IO.Path.Combine(folder, "config.json"), expectations = System.IO.Path.Combine(folder, "expected.json");
        if (!File.Exists(expectations) || (!File.Exists(gguf) && !File.Exists(config))) return null;
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(expectations));
        if (!expected.RootElement.TryGetProperty("cases", out JsonElement cases)) return null;
        int[][] prompts = [.. cases.EnumerateArray().Select(one => one.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray())];
        return new(System.IO.Path.GetFileName(folder), File.Exists(gguf) ? gguf : folder, prompts);
    }
}
