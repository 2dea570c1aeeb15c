using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Layers of integer codes with scales and zero points: <see cref="GroupedRows"/> reads them.</summary>
/// <param name="Source">The file that says so.</param>
/// <param name="GroupSize">Inputs that share a scale; −1: all of a layer's.</param>
/// <param name="ZeroOffset">What is added to a stored zero point, modulo 2^bits.</param>
/// <param name="IsSymmetric">No zero points are stored: all are the middle code.</param>
internal sealed record IntegerQuantization(string Source, IntegerFormat Format, int Bits, int GroupSize, int ZeroOffset = 0, bool IsSymmetric = false) : WeightQuantization
{
    public override string Description => $"{Format.Name}, {Bits} bits, {(GroupSize < 0 ? "a scale for each output" : $"groups of {GroupSize}")}";

    private int MiddleCode => 1 << Bits - 1;

    public static IntegerQuantization OfAwq(ConfigSection section)
    {
        section.Expect("bits", section.Int("bits", "w_bit") ?? 4, 4);
        section.Expect("version", section.Text("version")?.ToLowerInvariant() ?? "gemm", "gemm");
        section.Expect("zero_point", section.Flag("zero_point") ?? true, true);
        return new(section.File, IntegerFormat.Awq, Bits: 4, GroupSizeOf(section, otherwise: 128));
    }

    /// <remarks>AutoGPTQ stores zero points less one; GPTQModel's "gptq_v2" as they are. Whether groups are runs of inputs (desc_act) and symmetric (sym) the tensors tell.</remarks>
    public static IntegerQuantization OfGptq(ConfigSection section)
    {
        int bits = section.Int("bits") ?? 4;
        string format = section.Text("checkpoint_format")?.ToLowerInvariant() ?? "gptq";
        section.Expect("bits", bits, 4, 8);
        section.Expect("checkpoint_format", format, "gptq", "gptq_v2");
        section.Expect("is_marlin_format", section.Flag("is_marlin_format") ?? false, false);
        return new(section.File, IntegerFormat.Gptq, bits, GroupSizeOf(section, otherwise: 128), ZeroOffset: format == "gptq" ? 1 : 0);
    }

    /// <param name="otherwise">Where none is named.</param>
    public static int GroupSizeOf(ConfigSection section, int otherwise)
    {
        int size = section.Int("group_size", "q_group_size") ?? otherwise;
        return size == -1 || size > 0 && size % GroupedRows.BlockInputs == 0 ? size
            : throw new ModelFormatException(section.File, $"'{section.Label("group_size")}' is {size}; -1 or a multiple of {GroupedRows.BlockInputs} is expected.");
    }

    internal override StoredMatrix? Find(TensorFile tensors, string layer, int rows, int columns)
    {
        if (!tensors.TryGet($"{layer}.{Format.Codes}", out StoredTensor? codes)) return null;
        if (columns % GroupedRows.BlockInputs != 0) throw codes.Problem($"has {columns} inputs; a multiple of {GroupedRows.BlockInputs} is expected.");
        StoredTensor? zeros = IsSymmetric ? null : tensors.Get($"{layer}.{Format.Zeros}");
        StoredTensor scales = tensors.Get($"{layer}.{Format.Scales}");
        int groupSize = GroupSize < 0 ? columns : Math.Min(GroupSize, columns), groups = (columns + groupSize - 1) / groupSize;
        var reader = new GroupedRows(
            Bits,
            new(codes, Source, Bits, rows, columns, Format.OutputsFirst, Format.PacksOutputs, Format.Interleaved),
            zeros is null ? null : OtherThanMiddle(zeros, rows, groups),
            ZeroOffset,
            new(scales, Source, rows, groups, Format.OutputsFirst),
            GroupsOfBlocks(tensors, layer, columns, groupSize, groups));
        StoredTensor[] read = zeros is null ? [codes, scales] : [codes, zeros, scales];
        return new(reader.Source(codes.Name, rows, columns), read);
    }

    internal override (long Values, long Bytes) Size(StoredTensor tensor)
    {
        if (Is(tensor, Format.Zeros) || Is(tensor, Format.Scales) || Is(tensor, Format.GroupOfInput)) return (0, 0);
        if (!Is(tensor, Format.Codes)) return PlainSize(tensor);
        DType type = Bits == 8 ? DType.Q8_0 : DType.Q4_1;
        long values = tensor.Bytes * 8 / Bits;
        return (values, values / QuantizedBlocks.BlockSize(type) * QuantizedBlocks.BlockBytes(type));
    }

    private static bool Is(StoredTensor tensor, string? ending) => ending is not null && tensor.Name.EndsWith($".{ending}", StringComparison.Ordinal);

    /// <returns>Null: all zero points are the middle code.</returns>
    private PackedIntegers? OtherThanMiddle(StoredTensor tensor, int rows, int groups)
    {
        PackedIntegers zeros = new(tensor, Source, Bits, rows, groups, Format.OutputsFirst, packsOutputs: true, Format.Interleaved);
        if (zeros.AreAll(MiddleCode - ZeroOffset)) return null;
        return Bits == 4 ? zeros : throw tensor.Problem($"holds other zero points than {MiddleCode}; {Bits}-bit codes are read if they are symmetric.");
    }

    private int[] GroupsOfBlocks(TensorFile tensors, string layer, int columns, int groupSize, int groups)
    {
        int[] groupOf = [.. Enumerable.Range(0, columns).Select(input => input / groupSize)];
        if (Format.GroupOfInput is not null && tensors.TryGet($"{layer}.{Format.GroupOfInput}", out StoredTensor? stored))
        {
            groupOf = StoredTypes.ToIntegers(stored.ExpectType(Source, TensorType.I32).ExpectShape(Source, columns));
            for (int input = 0; input < columns; input++)
            {
                if ((uint)groupOf[input] >= groups) throw stored.Problem($"has {groupOf[input]} at {input}; groups from 0 to {groups - 1} are expected.");
                if (groupOf[input] != groupOf[input / GroupedRows.BlockInputs * GroupedRows.BlockInputs])
                    throw stored.Problem($"has inputs of several groups within {GroupedRows.BlockInputs} (at {input}), as quantising with desc_act makes them; only groups of neighbouring inputs are read.");
            }
        }

        return [.. Enumerable.Range(0, columns / GroupedRows.BlockInputs).Select(block => groupOf[block * GroupedRows.BlockInputs])];
    }
}
