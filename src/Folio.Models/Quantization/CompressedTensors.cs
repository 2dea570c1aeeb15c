using Folio.Formats;

namespace Folio.Models;

/// <summary>What llm-compressor writes: one scheme for all layers, in integers (pack-quantized) or fp8 (float-quantized, and naive-quantized, its older name).</summary>
/// <remarks>Source: compressed-tensors' quantization/quant_args.py and quant_config.py.</remarks>
internal static class CompressedTensors
{
    public static WeightQuantization Of(ConfigSection section)
    {
        string format = section.Text("format") ?? "";
        section.Expect("format", format, "pack-quantized", "float-quantized", "naive-quantized");
        ConfigSection weights = Weights(section);
        string strategy = weights.Text("strategy") ?? "";
        if (format != "pack-quantized")
        {
            weights.Expect("type", weights.Text("type") ?? "int", "float");
            weights.Expect("num_bits", weights.Int("num_bits") ?? 8, 8);
            weights.Expect("strategy", strategy, "tensor", "channel", "block");
            return Float8Quantization.Of(weights, "block_structure");
        }

        int bits = weights.Int("num_bits") ?? 8;
        weights.Expect("type", weights.Text("type") ?? "int", "int");
        weights.Expect("num_bits", bits, 4, 8);
        weights.Expect("strategy", strategy, "group", "channel");
        int groupSize = strategy == "channel" ? -1 : IntegerQuantization.GroupSizeOf(weights, otherwise: 128);
        return new IntegerQuantization(section.File, IntegerFormat.PackQuantized, bits, groupSize, IsSymmetric: weights.Flag("symmetric") ?? true);
    }

    /// <summary>The scheme's part for weights.</summary>
    private static ConfigSection Weights(ConfigSection section)
    {
        ConfigSection? schemes = section.Section("config_groups");
        if (schemes?.Keys.Count != 1) throw new ModelFormatException(section.File, $"'{section.Label("config_groups")}' has {schemes?.Keys.Count ?? 0} schemes; one is expected.");
        ConfigSection? scheme = schemes.Section(schemes.Keys.First());
        return scheme?.Section("weights") ?? throw new ModelFormatException(section.File, $"'{schemes.Label(schemes.Keys.First())}.weights' is missing.");
    }
}
