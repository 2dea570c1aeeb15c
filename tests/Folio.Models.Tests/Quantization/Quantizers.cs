namespace Folio.Models.Tests;

/// <summary>Writes a layer's tensors, quantised.</summary>
/// <param name="layer">Their names without the endings.</param>
/// <param name="weights">[rows, columns]</param>
/// <returns>[rows, columns] values that the tensors stand for.</returns>
internal delegate float[] Quantizer(SafetensorsWriter to, string layer, float[] weights, int rows, int columns);

/// <summary>Round-to-nearest quantisation, stored as the quantisers' own tools do.</summary>
internal static class Quantizers
{
    /// <summary>AutoAWQ's version "gemm".</summary>
    public static Quantizer Awq(int groupSize) => (to, layer, weights, rows, columns) =>
    {
        var groups = new Groups(weights, rows, columns, groupSize, bits: 4, symmetric: false);
        int[] order = [0, 2, 4, 6, 1, 3, 5, 7];
        int[] codes = new int[columns * rows / 8], zeros = new int[groups.Count * rows / 8];
        for (int word = 0; word < rows / 8; word++)
        {
            for (int i = 0; i < 8; i++)
            {
                int row = word * 8 + order[i];
                for (int column = 0; column < columns; column++) codes[column * (rows / 8) + word] |= groups.Codes[row, column] << 4 * i;
                for (int group = 0; group < groups.Count; group++) zeros[group * (rows / 8) + word] |= groups.Zeros[row, group] << 4 * i;
            }
        }

        to.Add<int>($"{layer}.qweight", "I32", [columns, rows / 8], codes);
        to.Add<int>($"{layer}.qzeros", "I32", [groups.Count, rows / 8], zeros);
        to.Add<Half>($"{layer}.scales", "F16", [groups.Count, rows], groups.ScalesByGroup());
        return groups.Values();
    };

    /// <summary>AutoGPTQ's.</summary>
    /// <param name="storedLess">What zero points are stored less by: 1, or 0 in version 2.</param>
    public static Quantizer Gptq(int bits, int groupSize, bool symmetric, int storedLess = 1) => (to, layer, weights, rows, columns) =>
    {
        var groups = new Groups(weights, rows, columns, groupSize, bits, symmetric);
        int each = 32 / bits, mask = (1 << bits) - 1;
        int[] codes = new int[columns / each * rows], zeros = new int[groups.Count * rows / each];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) codes[column / each * rows + row] |= groups.Codes[row, column] << column % each * bits;
            for (int group = 0; group < groups.Count; group++) zeros[(group * rows + row) / each] |= (groups.Zeros[row, group] - storedLess & mask) << row % each * bits;
        }

        to.Add<int>($"{layer}.qweight", "I32", [columns / each, rows], codes);
        to.Add<int>($"{layer}.qzeros", "I32", [groups.Count, rows / each], zeros);
        to.Add<Half>($"{layer}.scales", "F16", [groups.Count, rows], groups.ScalesByGroup());
        to.Add<int>($"{layer}.g_idx", "I32", [columns], [.. Enumerable.Range(0, columns).Select(column => groupSize < 0 ? 0 : column / groupSize)]);
        return groups.Values();
    };

    /// <summary>compressed-tensors' "pack-quantized", in 4 bits, with scales of bf16.</summary>
    public static Quantizer PackQuantized(int groupSize, bool symmetric) => (to, layer, weights, rows, columns) =>
    {
        var groups = new Groups(weights, rows, columns, groupSize, bits: 4, symmetric, BFloat16.Round);
        int[] codes = new int[rows * columns / 8], zeros = new int[rows / 8 * groups.Count];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) codes[(row * columns + column) / 8] |= groups.Codes[row, column] << column % 8 * 4;
            for (int group = 0; group < groups.Count; group++) zeros[row / 8 * groups.Count + group] |= groups.Zeros[row, group] << row % 8 * 4;
        }

        to.Add<int>($"{layer}.weight_packed", "I32", [rows, columns / 8], codes);
        to.Add<ushort>($"{layer}.weight_scale", "BF16", [rows, groups.Count], [.. groups.Scales.Cast<float>().Select(BFloat16.Bits)]);
        to.Add<long>($"{layer}.weight_shape", "I64", [2], [rows, columns]);
        if (!symmetric) to.Add<int>($"{layer}.weight_zero_point", "I32", [rows / 8, groups.Count], zeros);
        return groups.Values();
    };

    /// <summary>fp8 with a scale for each block of outputs and inputs.</summary>
    /// <param name="name">Of the scales.</param>
    /// <param name="shape">Of the scales.</param>
    /// <returns>Rounded to bf16.</returns>
    public static Quantizer Float8(string name, int blockRows, int blockColumns, Func<int, int, long[]> shape) => (to, layer, weights, rows, columns) =>
    {
        int across = (columns + blockColumns - 1) / blockColumns;
        float[] scales = new float[(rows + blockRows - 1) / blockRows * across];
        int BlockOf(int i) => i / columns / blockRows * across + i % columns / blockColumns;
        for (int i = 0; i < weights.Length; i++) scales[BlockOf(i)] = Math.Max(scales[BlockOf(i)], MathF.Abs(weights[i]) / 448);
        byte[] codes = [.. weights.Select((weight, i) => E4M3.Nearest(weight / scales[BlockOf(i)]))];
        to.Add<byte>($"{layer}.weight", "F8_E4M3", [rows, columns], codes);
        to.Add<float>($"{layer}.{name}", "F32", shape(rows, columns), scales);
        return [.. codes.Select((code, i) => BFloat16.Round(E4M3.Value(code) * scales[BlockOf(i)]))];
    };
}
