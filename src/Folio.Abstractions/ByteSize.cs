using System.Globalization;

namespace Folio;

/// <summary>Sizes of memory as people write them: 1500000, 512MiB, 4G (binary units, as vLLM reads them).</summary>
public static class ByteSize
{
    private const string Units = "KMGT";

    /// <summary>A number without a unit is in bytes. Below this it was meant in some unit: nothing here is so small.</summary>
    private const long LeastBytes = 1024;

    /// <returns>False: it is no size.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        string number = text.Trim().ToUpperInvariant();
        if (number.EndsWith('B')) number = number[..^1];
        if (number.EndsWith('I')) number = number[..^1];
        int unit = number.Length == 0 ? 0 : Units.IndexOf(number[^1]) + 1;
        if (unit > 0) number = number[..^1];
        bool parsed = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        double size = value * Math.Pow(1024, unit);
        bytes = parsed && size < long.MaxValue ? (long)size : 0;
        return parsed && size < long.MaxValue && (bytes == 0 || bytes >= LeastBytes);
    }
}
