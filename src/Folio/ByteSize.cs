using System.Globalization;

namespace Folio;

/// <summary>Sizes of memory as people write them: 1500000, 512MiB, 4G (binary units, as vLLM reads them).</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["", "K", "M", "G", "T"];

    public static bool TryParse(string text, out long bytes)
    {
        string number = text.Trim().ToUpperInvariant();
        if (number.EndsWith('B')) number = number[..^1];
        if (number.EndsWith('I')) number = number[..^1];
        int unit = number.Length == 0 ? 0 : Math.Max(0, Array.IndexOf(Units, number[^1..]));
        if (unit > 0) number = number[..^1];
        bool parsed = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        double size = value * Math.Pow(1024, unit);
        bytes = parsed && size < long.MaxValue ? (long)size : 0;
        return bytes > 0;
    }

    public static string Format(long bytes)
    {
        int unit = 0;
        double value = bytes;
        for (; value >= 1024 && unit < Units.Length - 1; unit++) value /= 1024;
        return unit == 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Units[unit]}iB");
    }
}
