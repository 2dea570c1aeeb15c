using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Layers whose weight is fp8 (E4M3), with one scale, one for each output, or one for each block: <see cref="Float8Rows"/> reads them.</summary>
/// <remarks>
/// A weight's scales are called weight_scale_inv (DeepSeek's blocks, and transformers) or weight_scale (all others), and are multiplied with in any case. Scales of activations (input_scale) say how others would
/// round those. Sources: transformers' finegrained_fp8, vLLM's fp8 and compressed-tensors, fbgemm_fp8.
/// </remarks>
/// <param name="Source">The file that says so.</param>
/// <param name="BlockRows">Outputs of a block; 0: there are none.</param>
internal sealed unsafe record Float8Quantization(string Source, int BlockRows = 0, int BlockColumns = 0) : WeightQuantization
{
    public override string Description => $"fp8 (E4M3){(BlockRows > 0 ? $", blocks of {BlockRows} × {BlockColumns}" : "")}";

    /// <param name="blockKey">The setting that names the size of blocks.</param>
    public static Float8Quantization Of(ConfigSection section, string blockKey) => section.Ints(blockKey) switch
    {
        null => new(section.File),
        [> 0 and int rows, > 0 and int columns] => new(section.File, rows, columns),
        IReadOnlyList<int> other => throw new ModelFormatException(section.File, $"'{section.Label(blockKey)}' is [{string.Join(", ", other)}]; the rows and columns of a block are expected."),
    };

    internal override StoredMatrix? Find(TensorFile tensors, string layer, int rows, int columns)
    {
        if (!tensors.TryGet($"{layer}.weight", out StoredTensor? codes) || codes.Type != TensorType.F8_E4M3) return null;
        codes.ExpectShape(Source, rows, columns);
        if (!tensors.TryGet($"{layer}.weight_scale_inv", out StoredTensor? scales)) scales = tensors.Get($"{layer}.weight_scale");
        scales.ExpectType(Source, TensorType.F32, TensorType.BF16, TensorType.F16);
        (int scaleRows, int scaleColumns) = ScaledBy(scales, rows, columns);
        var reader = new Float8Rows((nint)codes.Data, columns, StoredTypes.ToFloats(scales), scaleRows, scaleColumns);
        return new(new(codes.Name, DType.BF16, rows, columns, Data: 0, 2L * rows * columns, Reader: reader), codes, scales);
    }

    internal override (long Values, long Bytes) Size(StoredTensor tensor) =>
        tensor.Type == TensorType.F8_E4M3 ? (tensor.Bytes, 2 * tensor.Bytes) : tensor.Name.EndsWith("_scale", StringComparison.Ordinal) || tensor.Name.EndsWith("_scale_inv", StringComparison.Ordinal) ? (0, 0) : PlainSize(tensor);

    /// <returns>The rows and columns that share a scale.</returns>
    private (int Rows, int Columns) ScaledBy(StoredTensor scales, int rows, int columns)
    {
        if (BlockRows > 0)
        {
            scales.ExpectShape(Source, (rows + (long)BlockRows - 1) / BlockRows, (columns + (long)BlockColumns - 1) / BlockColumns);
            return (Math.Min(BlockRows, rows), Math.Min(BlockColumns, columns));
        }

        if (scales.Shape.All(dimension => dimension == 1)) return (rows, columns);
        if (scales.Shape[0] == rows && scales.Shape.Skip(1).All(dimension => dimension == 1)) return (1, columns);
        throw scales.Problem($"is [{string.Join(", ", scales.Shape)}]; one scale, or one for each of {rows} outputs, is expected.");
    }
}
