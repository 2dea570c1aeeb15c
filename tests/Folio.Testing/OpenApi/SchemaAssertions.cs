using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Folio.Testing.OpenApi;

/// <summary>The keywords that say something of a value alone, without its parts.</summary>
internal static class SchemaAssertions
{
    private static readonly ConcurrentDictionary<string, Regex> s_patterns = new(StringComparer.Ordinal);

    /// <returns>What was expected; null: the value is so.</returns>
    /// <exception cref="NotSupportedException">The keyword, or its format, isn't known.</exception>
    public static string? Fault(string keyword, JsonElement argument, JsonElement value)
    {
        bool holds = keyword switch
        {
            "type" => argument.ValueKind == JsonValueKind.Array ? argument.EnumerateArray().Any(type => IsOf(type.GetString()!, value)) : IsOf(argument.GetString()!, value),
            "enum" => argument.EnumerateArray().Any(each => JsonElement.DeepEquals(each, value)),
            "const" => JsonElement.DeepEquals(argument, value),
            "minimum" => Compare(value, argument) is null or >= 0,
            "maximum" => Compare(value, argument) is null or <= 0,
            "exclusiveMinimum" => Compare(value, argument) is null or > 0,
            "exclusiveMaximum" => Compare(value, argument) is null or < 0,
            "minLength" => LengthOf(value) is not { } length || length >= argument.GetDouble(),
            "maxLength" => LengthOf(value) is not { } length || length <= argument.GetDouble(),
            "pattern" => value.ValueKind != JsonValueKind.String || s_patterns.GetOrAdd(argument.GetString()!, Compile).IsMatch(value.GetString()!),
            "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= argument.GetDouble(),
            "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= argument.GetDouble(),
            "minProperties" => value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() >= argument.GetDouble(),
            "maxProperties" => value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() <= argument.GetDouble(),
            "format" => IsFormatted(argument.GetString()!, value),
            _ => throw new NotSupportedException($"the schema keyword {keyword} isn't known to this check"),
        };
        return holds ? null : keyword == "enum" ? $"one of {argument.GetRawText()} was expected" : $"{keyword} {argument.GetRawText()} was expected";
    }

    private static Regex Compile(string pattern)
    {
        try
        {
            return new(pattern, RegexOptions.ECMAScript);
        }
        catch (RegexParseException error)
        {
            throw new NotSupportedException($"the pattern {pattern} is none of .NET's", error);
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && double.IsInteger(value.GetDouble()),
        _ => throw new NotSupportedException($"the type {type} isn't known to this check"),
    };

    private static int? Compare(JsonElement value, JsonElement bound) => value.ValueKind == JsonValueKind.Number ? value.GetDouble().CompareTo(bound.GetDouble()) : null;

    private static int? LengthOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()!.EnumerateRunes().Count() : null;

    private static bool IsFormatted(string format, JsonElement value) => format switch
    {
        "unixtime" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= 0,
        "int64" => value.ValueKind != JsonValueKind.Number || value.TryGetInt64(out _),
        "float" or "double" => value.ValueKind != JsonValueKind.Number || double.IsFinite(value.GetDouble()),
        "uri" => value.ValueKind != JsonValueKind.String || Uri.TryCreate(value.GetString(), UriKind.Absolute, out _),
        "date" => value.ValueKind != JsonValueKind.String || DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "binary" => true, // any bytes
        _ => throw new NotSupportedException($"the format {format} isn't known to this check"),
    };
}
