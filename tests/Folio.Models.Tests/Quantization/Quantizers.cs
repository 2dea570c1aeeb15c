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
}
