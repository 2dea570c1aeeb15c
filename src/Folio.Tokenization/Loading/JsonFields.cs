using System.Text.Json;

namespace Folio.Tokenization.Loading;

/// <summary>Fields of a JSON object of whose shape nothing is known.</summary>
internal static class JsonFields
{
    public static JsonElement? Field(this JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object) throw new TokenizerException($"expected an object with '{name}', found {Shown(element)}.");
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public static string Text(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw new TokenizerException($"'{name}' is expected to be a string in {Shown(element)}.");

    public static string? OptionalText(this JsonElement element, string name) => element.Field(name) is null ? null : element.Text(name);

    public static int Number(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number
            : throw new TokenizerException($"'{name}' is expected to be a whole number in {Shown(element)}.");

    public static bool Flag(this JsonElement element, string name, bool otherwise = false) => element.Field(name)?.ValueKind switch
    {
        null => otherwise,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new TokenizerException($"'{name}' is expected to be true or false in {Shown(element)}."),
    };

    public static JsonElement.ArrayEnumerator List(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : throw new TokenizerException($"'{name}' is expected to be a list in {Shown(element)}.");

    private static string Shown(JsonElement element)
    {
        string text = element.GetRawText();
        return text.Length <= 120 ? text : text[..120] + "…";
    }
}
