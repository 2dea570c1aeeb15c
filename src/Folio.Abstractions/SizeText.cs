using System.Globalization;

namespace Folio;

/// <summary>Bytes as people read them.</summary>
public static class SizeText
{
    /// <summary>Bytes in the unit that reads best: 1.5 GiB.</summary>
    public static string Of(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < units.Length - 1; unit++) value /= 1024;
        return unit == 0 ? $"{bytes} bytes" : string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }
}
