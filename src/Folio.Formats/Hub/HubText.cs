using System.Globalization;

namespace Folio.Formats.Hub;

/// <summary>Figures and foreign words in messages.</summary>
internal static class HubText
{
    private const int MostCharacters = 200;

    public static string Size(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < units.Length - 1; unit++) value /= 1024;
        return unit == 0 ? $"{bytes} bytes" : string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }

    /// <summary>What a server wrote, fit for a terminal: without what moves its cursor, and not endless.</summary>
    public static string Clean(string text)
    {
        string plain = new([.. text.Take(MostCharacters).Select(character => char.IsControl(character) ? '?' : character)]);
        return text.Length > MostCharacters ? plain + "…" : plain;
    }
}
