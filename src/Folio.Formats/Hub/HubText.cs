namespace Folio.Formats.Hub;

/// <summary>Foreign words in messages.</summary>
internal static class HubText
{
    private const int MostCharacters = 200;

    /// <summary>What a server wrote, fit for a terminal: without what moves its cursor, and not endless.</summary>
    public static string Clean(string text)
    {
        string plain = new([.. text.Take(MostCharacters).Select(character => char.IsControl(character) ? '?' : character)]);
        return text.Length > MostCharacters ? plain + "…" : plain;
    }
}
