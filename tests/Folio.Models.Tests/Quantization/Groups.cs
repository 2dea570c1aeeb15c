namespace Folio.Models.Tests;

/// <summary>A matrix in integer codes, rounded to nearest, with a scale and a zero point for each row and group of columns.</summary>
internal sealed class Groups
{
    private readonly int _rows, _columns, _size;

    /// <param name="roundScale">Null: to fp16.</param>
    public Groups(float[] weights, int rows, int columns, int groupSize, int bits, bool symmetric, Func<float, float>? roundScale = null)
    {
        roundScale ??= scale => (float)(Half)scale;
        (_rows, _columns, _size) = (rows, columns, groupSize < 0 ? columns : groupSize);
        (Codes, Zeros, Scales) = (new int[rows, columns], new int[rows, Count], new float[rows, Count]);
        int most = (1 << bits) - 1;
        for (int row = 0; row < rows; row++)
        {
            for (int group = 0; group < Count; group++)
            {
                Span<float> values = weights.AsSpan(row * columns + group * _size, Math.Min(_size, columns - group * _size));
                float high = 0, low = 0;
                foreach (float value in values) (high, low) = (Math.Max(high, value), Math.Min(low, value));
                if (symmetric) (high, low) = (Math.Max(high, -low), -Math.Max(high, -low));
                float scale = roundScale(Math.Max((high - low) / most, 1e-5f));
                int zero = symmetric ? most / 2 + 1 : Math.Clamp((int)MathF.Round(-low / scale), 0, most);
                (Scales[row, group], Zeros[row, group]) = (scale, zero);
                for (int i = 0; i < values.Length; i++) Codes[row, group * _size + i] = Math.Clamp((int)MathF.Round(values[i] / scale) + zero, 0, most);
            }
        }
    }

    public int Count => (_columns + _size - 1) / _size;

    /// <summary>[rows, columns]</summary>
    public int[,] Codes { get; }

    /// <summary>[rows, groups]</summary>
    public int[,] Zeros { get; }

    /// <summary>[rows, groups]</summary>
    public float[,] Scales { get; }

    /// <summary>[groups, rows]</summary>
    public Half[] ScalesByGroup() => [.. Enumerable.Range(0, Count * _rows).Select(i => (Half)Scales[i % _rows, i / _rows])];

    /// <summary>[rows, columns]</summary>
    public float[] Values() => [.. Enumerable.Range(0, _rows * _columns).Select(i =>
    {
        (int row, int column) = (i / _columns, i % _columns);
        return (Codes[row, column] - Zeros[row, column / _size]) * Scales[row, column / _size];
    })];
}
