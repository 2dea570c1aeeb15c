using System.Text.Json;

namespace Folio.Requests;

/// <summary>A JSON object of a request, read field by field; a field of the wrong type is an error that names it. Null reads as absent.</summary>
/// <param name="element">The object.</param>
/// <param name="path">What its fields' names begin with in errors: "" or <c>stream_options.</c></param>
internal readonly struct Fields(JsonElement element, string path = "")
{
    public JsonElement Element => element;

    public string Path(string name) => path + name;

    public bool Has(string name) => Get(name) is not null;

    public JsonElement? Get(string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name) => Get(name) is { } value ? AsText(value, Path(name)) : null;

    public string RequiredText(string name) => Text(name) ?? throw Missing(name, "a string");

    public Fields RequiredObject(string name, string what) => Object(name) ?? throw Missing(name, what);

    /// <summary>A text that is one of these.</summary>
    public string? OneOf(string name, params ReadOnlySpan<string> words)
    {
        string? word = Text(name);
        return word is null || words.Contains(word) ? word : throw ApiException.BadRequest($"{Path(name)} is \"{Cut(word)}\"; one of {string.Join(", ", words)} was expected.", Path(name));
    }

    public bool? Flag(string name) => Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Expected("true or false", value, Path(name)),
    };

    public int? Integer(string name) => Get(name) is { } value ? AsInteger(value, Path(name)) : null;

    /// <summary>An integer of 64 bits.</summary>
    public long? LongInteger(string name) => Get(name) is { } value ? AsLong(value, Path(name)) : null;

    public float? Number(string name) => Get(name) is { } value ? AsNumber(value, Path(name)) : null;

    public Fields? Object(string name) => Get(name) is { } value ? AsObject(value, Path(name)) : null;

    public JsonElement? List(string name) => Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value => value,
        { } value => throw Expected("a list", value, Path(name)),
    };

    public int[]? Integers(string name) => List(name) is { } list ? AsIntegers(list, Path(name)) : null;

    public string[]? Texts(string name) => List(name) is { } list ? AsTexts(list, Path(name)) : null;

    public static string AsText(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Expected("a string", value, path);

    public static Fields AsObject(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Object ? new(value, $"{path}.") : throw Expected("an object", value, path);

    public static int AsInteger(JsonElement value, string path)
    {
        long whole = AsLong(value, path);
        if (whole is < int.MinValue or > int.MaxValue) throw ApiException.BadRequest($"{path} is out of range: {whole}.", path);
        return (int)whole;
    }

    public static float AsNumber(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Number) throw Expected("a number", value, path);
        float number = (float)value.GetDouble();
        if (!float.IsFinite(number)) throw ApiException.BadRequest($"{path} is out of range: {Cut(value.GetRawText())}.", path);
        return number;
    }

    public static int[] AsIntegers(JsonElement list, string path)
    {
        var values = new int[list.GetArrayLength()];
        int count = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            // The item's path is only worth building where it is at fault: lists are long.
            bool plain = item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out values[count]);
            if (!plain) values[count] = AsInteger(item, $"{path}[{count}]");
            count++;
        }

        return values;
    }

    public static string[] AsTexts(JsonElement list, string path) =>
        [.. list.EnumerateArray().Select((item, index) => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Expected("a string", item, $"{path}[{index}]"))];

    public static ApiException Expected(string what, JsonElement got, string path) =>
        ApiException.BadRequest($"{path} must be {what}, got {Name(got)}.", path);

    /// <param name="name">The field that isn't there.</param>
    /// <param name="what">What was expected.</param>
    public ApiException Missing(string name, string what) => ApiException.BadRequest($"{Path(name)} is missing; {what} was expected.", Path(name));

    /// <summary>A value's type in words.</summary>
    public static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => $"the number {Cut(value.GetRawText())}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static long AsLong(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Number) throw Expected("an integer", value, path);
        if (value.TryGetInt64(out long whole)) return whole;

        // 8.0 and 1e3 are integers too.
        double number = value.GetDouble();
        if (double.Abs(number) >= 1L << 53) throw ApiException.BadRequest($"{path} is out of range: {Cut(value.GetRawText())}.", path);
        return number == double.Floor(number) ? (long)number : throw Expected("an integer", value, path);
    }

    /// <summary>The beginning of what a client has sent, for errors, which don't grow with it. No character is cut in two.</summary>
    public static string Cut(string text, int length = 40) => text.Length <= length ? text : $"{text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)]}…";
}
