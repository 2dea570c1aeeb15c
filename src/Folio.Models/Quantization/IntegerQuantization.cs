using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Layers of integer codes with scales and zero points: <see cref="GroupedRows"/> reads them.</summary>
/// <param name="Source">The file that says so.</param>
/// <param name="GroupSize">Inputs that share a scale; −1: all of a layer's.</param>
internal sealed record IntegerQuantization(string Source, IntegerFormat Format, int Bits, int GroupSize) : WeightQuantization
{
    public override string Description => $"{Format.Name}, {Bits} bits, {(GroupSize < 0 ? "a scale for each output" : $"groups of {GroupSize}")}";

    public static IntegerQuantization OfAwq(ConfigSection section)
    {
        Expect(section, "bits", section.Int("bits", "w_bit") ?? 4, 4);
        Expect(section, "version", section.Text("version")?.ToLowerInvariant() ?? "gemm", "gemm");
        Expect(section, "zero_point", section.Flag("zero_point") ?? true, true);
        return new(section.File, IntegerFormat.Awq, Bits: 4, GroupSizeOf(section, section.Int("group_size", "q_group_size") ?? 128));
    }

    internal override StoredMatrix? Find(TensorFile tensors, string layer, int rows, int columns)
    {
        if (!tensors.TryGet($"{layer}.{Format.Codes}", out StoredTensor? codes)) return null;
        StoredTensor zeros = tensors.Get($"{layer}.{Format.Zeros}"), scales = tensors.Get($"{layer}.{Format.Scales}");
        if (columns % GroupedRows.BlockInputs != 0) throw codes.Problem($"has {columns} inputs; a multiple of {GroupedRows.BlockInputs} is expected.");
        int groupSize = GroupSize < 0 ? columns : Math.Min(GroupSize, columns), groups = (columns + groupSize - 1) / groupSize;
        var reader = new GroupedRows(
            new(codes, Source, Bits, rows, columns, Format.OutputsFirst, Format.PacksOutputs, Format.Interleaved),
            new PackedIntegers(zeros, Source, Bits, rows, groups, Format.OutputsFirst, packsOutputs: true, Format.Interleaved),
            new(scales, Source, rows, groups, Format.OutputsFirst),
            [.. Enumerable.Range(0, columns / GroupedRows.BlockInputs).Select(block => block * GroupedRows.BlockInputs / groupSize)]);
        return new(reader.Source(codes.Name, rows, columns), codes, zeros, scales);
    }

    internal override (long Values, long Bytes) Size(StoredTensor tensor)
    {
        if (tensor.Name.EndsWith($".{Format.Zeros}", StringComparison.Ordinal) || tensor.Name.EndsWith($".{Format.Scales}", StringComparison.Ordinal)) return (0, 0);
        if (!tensor.Name.EndsWith($".{Format.Codes}", StringComparison.Ordinal)) return PlainSize(tensor);
        long values = tensor.Bytes * 8 / Bits;
        return (values, values / QuantizedBlocks.BlockSize(DType.Q4_1) * QuantizedBlocks.BlockBytes(DType.Q4_1));
    }

    private static int GroupSizeOf(ConfigSection section, int size) =>
        size == -1 || size > 0 && size % GroupedRows.BlockInputs == 0 ? size
        : throw new ModelFormatException(section.File, $"'quantization_config.group_size' is {size}; -1 or a multiple of {GroupedRows.BlockInputs} is expected.");
}
