using Folio.Compute;
using Folio.Formats;
using Folio.Models;

namespace Folio.Compare;

/// <summary>A file that both engines load.</summary>
/// <param name="Parameters">Numbers in all its tensors.</param>
/// <param name="Type">How most of them are stored, as quantisers name it.</param>
/// <param name="ReadBytes">What a step reads: all but a table of embeddings that isn't the head too.</param>
internal sealed record Model(string Name, string Path, double Parameters, string Type, double ReadBytes)
{
    private const string FileType = "general.file_type";

    /// <summary>Whether the figures asked of the model of 135 million parameters are those asked of it, or the ones of 1.2 billion.</summary>
    public bool Small => Parameters < 500e6;

    /// <param name="text">NAME=FILE</param>
    public static Model Parse(string text)
    {
        int equals = text.IndexOf('=');
        if (equals <= 0) throw new FolioException($"--model is '{text}'; a name and a GGUF file were expected, as in small=model.Q8_0.gguf.");
        string path = text[(equals + 1)..];
        using ModelSource source = ModelSource.Open(path);
        if (source.Metadata is not { } metadata) throw new FolioException($"{path} is no GGUF file, which both engines could load.");
        DecoderSpec spec = TransformerDecoder.Describe(source);
        IReadOnlyCollection<StoredTensor> tensors = [.. source.Tensors.Tensors];
        double lookedUp = spec.TiedHead ? 0 : tensors.Where(tensor => tensor.Name == "token_embd.weight").Sum(tensor => tensor.Bytes);
        double parameters = tensors.Sum(tensor => tensor.Shape.Aggregate(1.0, (product, side) => product * side));
        return new(text[..equals], path, parameters, TypeOf(metadata, tensors), tensors.Sum(tensor => tensor.Bytes) - lookedUp);
    }

    private static string TypeOf(GgufMetadata metadata, IReadOnlyCollection<StoredTensor> tensors) => (metadata.TryGetInt32(FileType, out int type) ? type : -1) switch
    {
        2 => "Q4_0",
        7 => "Q8_0",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        32 => "BF16",
        _ => tensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.Bytes))!.Key.ToString(),
    };
}
