using Folio.Formats;

namespace Folio.Models;

/// <summary>How a folder of safetensors stores the matrices of its linear layers, where that isn't as plain numbers: "quantization_config" in config.json.</summary>
/// <remarks>
/// Which layers are quantised the tensors tell, so lists of layers that aren't (modules_to_not_convert, ignored_layers, ignore) say nothing new. Nor does what others do to
/// activations: here they are rounded, or not, as beside any other weights.
/// </remarks>
public abstract record WeightQuantization
{
    /// <summary>In a few words.</summary>
    public abstract string Description { get; }

    /// <returns>Null: there is none.</returns>
    internal static WeightQuantization? Of(ModelConfig config) => config.Section("quantization_config") is not { } section ? null : section.Text("quant_method") switch
    {
        "awq" => IntegerQuantization.OfAwq(section),
        "gptq" => IntegerQuantization.OfGptq(section),
        "fp8" or "fbgemm_fp8" => Float8Quantization.Of(section, "weight_block_size"),
        "compressed-tensors" => CompressedTensors.Of(section),
        string other => throw new ModelFormatException(config.File, $"the weights are quantised by '{other}', which is not read; these are: awq, gptq, fp8, fbgemm_fp8, compressed-tensors. GGUF has weights that are quantised in other ways."),
        null => throw new ModelFormatException(config.File, "'quantization_config.quant_method' is missing."),
    };

    /// <summary>A linear layer's matrix.</summary>
    /// <param name="layer">Its tensors' names without their endings.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <returns>Null: this layer isn't quantised.</returns>
    internal abstract StoredMatrix? Find(TensorFile tensors, string layer, int rows, int columns);

    /// <summary>The weights that a tensor stands for, and the bytes that they take as rows are made of them; none of what only says how to read others.</summary>
    internal abstract (long Values, long Bytes) Size(StoredTensor tensor);

    internal static (long Values, long Bytes) PlainSize(StoredTensor tensor) => (tensor.Bytes / tensor.Type.BlockBytes() * tensor.Type.BlockSize(), tensor.Bytes);
}
