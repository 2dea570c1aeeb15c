using System.Text.Json;

namespace Folio.Grammars;

/// <summary>The regular expressions and formats that schemas name, each read once.</summary>
internal sealed class SchemaPatterns(Budget budget)
{
    private readonly Dictionary<string, TextAutomaton> _anywhere = [];
    private readonly Dictionary<string, TextAutomaton> _formats = [];

    public TextAutomaton Anywhere(SchemaNode schema, string keyword, JsonElement pattern)
    {
        if (pattern.ValueKind != JsonValueKind.String) throw schema.Error($"{keyword} must be a regular expression");
        return Anywhere(schema, keyword, pattern.GetString()!);
    }

    public TextAutomaton Anywhere(SchemaNode schema, string keyword, string pattern)
    {
        if (_anywhere.TryGetValue(pattern, out TextAutomaton? text)) return text;
        try
        {
            return _anywhere[pattern] = RegexPattern.Anywhere(pattern, budget);
        }
        catch (GrammarException error)
        {
            throw schema.Error($"{keyword}: {error.Message.TrimEnd('.')}");
        }
    }

    /// <returns>Null if the format says nothing about a string's text.</returns>
    public TextAutomaton? Format(SchemaNode schema, JsonElement name)
    {
        if (name.ValueKind != JsonValueKind.String) throw schema.Error("format must be a string");
        string format = name.GetString()!;
        if (SchemaFormats.IsNote(format)) return null;
        if (_formats.TryGetValue(format, out TextAutomaton? text)) return text;
        string pattern = SchemaFormats.Pattern(format) ?? throw schema.Unsupported($"the format \"{(format.Length > 64 ? format[..64] + "…" : format)}\"");
        text = RegexPattern.Whole(pattern, budget);
        return _formats[format] = SchemaFormats.MostCharacters(format) is { } most ? TextDfa.Combine([text, TextAutomaton.OfLength(0, most, budget)], [], budget) : text;
    }
}
