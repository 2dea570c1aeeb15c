using System.Text.Encodings.Web;
using System.Text.Json;

namespace Folio.Grammars;

/// <summary>Writes the opposite of a schema as a schema, where there is one: what <c>not</c>, <c>else</c> and an overlapping <c>oneOf</c> need.</summary>
internal sealed class SchemaNegation(SchemaDocument document)
{
    /// <summary>Keywords that only the compiler writes: no key of a real schema begins with a null character.</summary>
    public const string Reference = "\0ref", NotPattern = "\0notPattern", NotEnum = "\0notEnum";

    /// <summary>Of the compiler's own: numbers that are no integers.</summary>
    public const string Fraction = "\0fraction";

    private static readonly string[] s_types = ["null", "boolean", "integer", Fraction, "string", "array", "object"];

    private readonly HashSet<string> _open = [];

    /// <exception cref="GrammarException">The schema's opposite can't be written.</exception>
    public SchemaNode Of(SchemaNode schema)
    {
        if (!_open.Add(schema.Path)) throw schema.Unsupported("the negation of a schema that refers to itself");
        try
        {
            return document.Derive(schema, "not", Write(schema));
        }
        finally
        {
            _open.Remove(schema.Path);
        }
    }

    public static string Quote(string text) => $"\"{JavaScriptEncoder.Default.Encode(text)}\"";

    /// <summary>A schema that is another.</summary>
    public static string To(SchemaNode schema) => schema.IsTrue ? "true" : schema.IsFalse ? "false" : $"{{{Quote(Reference)}:{Quote(schema.Path)}}}";

    private string Write(SchemaNode schema)
    {
        if (schema.IsTrue) return "false";
        if (schema.IsFalse) return "true";
        List<string> opposites = [];
        foreach (JsonProperty keyword in schema.Element.EnumerateObject())
        {
            if (!SchemaKeywords.IsNote(keyword.Name)) opposites.AddRange(Write(schema, keyword.Name, keyword.Value));
        }

        return opposites.Count switch { 0 => "false", 1 => opposites[0], _ => AnyOf(opposites) };
    }

    private IEnumerable<string> Write(SchemaNode schema, string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "type":
                return [WithoutTypes(schema, value)];
            case "const":
                return [$"{{{Quote(NotEnum)}:[{value.GetRawText()}]}}"];
            case "enum":
                return [$"{{{Quote(NotEnum)}:{value.GetRawText()}}}"];
            case NotEnum:
                return [$"{{\"enum\":{value.GetRawText()}}}"];
            case "required":
                return value.EnumerateArray().Select(name => $"{{\"type\":\"object\",\"properties\":{{{Quote(name.GetString()!)}:false}}}}");
            case "properties":
                return document.Named(schema, keyword).Select(each => $"{{\"type\":\"object\",\"required\":[{Quote(each.Name)}],\"properties\":{{{Quote(each.Name)}:{To(Of(each.Schema))}}}}}");
            case "minimum":
                return [Typed("number", "exclusiveMaximum", value.GetRawText())];
            case "exclusiveMinimum":
                return [Typed("number", "maximum", value.GetRawText())];
            case "maximum":
                return [Typed("number", "exclusiveMinimum", value.GetRawText())];
            case "exclusiveMaximum":
                return [Typed("number", "minimum", value.GetRawText())];
            case "minLength":
                return Fewer(schema, keyword, "string", "maxLength");
            case "maxLength":
                return [Typed("string", "minLength", $"{schema.Count(keyword) + 1}")];
            case "minItems":
                return Fewer(schema, keyword, "array", "maxItems");
            case "maxItems":
                return [Typed("array", "minItems", $"{schema.Count(keyword) + 1}")];
            case "minProperties":
                return Fewer(schema, keyword, "object", "maxProperties");
            case "maxProperties":
                return [Typed("object", "minProperties", $"{schema.Count(keyword) + 1}")];
            case "pattern":
                return [Typed("string", NotPattern, value.GetRawText())];
            case NotPattern:
                return [Typed("string", "pattern", value.GetRawText())];
            case "items" when !schema.Has("prefixItems"):
                return [Typed("array", "contains", To(Of(document.Child(schema, keyword))))];
            case "contains" when !schema.Has("minContains") && !schema.Has("maxContains"):
                return [Typed("array", "items", To(Of(document.Child(schema, keyword))))];
            case "allOf":
                return document.Listed(schema, keyword).Select(each => To(Of(each)));
            case "anyOf":
                return [$"{{\"allOf\":[{string.Join(',', document.Listed(schema, keyword).Select(each => To(Of(each))))}]}}"];
            case "not":
                SchemaNode inner = document.Child(schema, keyword);
                return [To(document.Derive(inner, "copy", inner.Element.GetRawText()))]; // under a negation nothing counts as evaluated
            case "$ref":
                return [To(Of(document.Resolve(schema, value.GetString()!)))];
            case Reference:
                return [To(Of(document.At(value.GetString()!)))];
            case "then" or "else" when !schema.Has("if"):
                return [];
            default:
                throw schema.Unsupported($"the negation (by not, else or an overlapping oneOf) of \"{keyword}\"");
        }
    }

    public static string AnyOf(IEnumerable<string> branches) => $"{{\"anyOf\":[{string.Join(',', branches)}]}}";

    private static string Typed(string type, string keyword, string value) => $"{{\"type\":\"{type}\",{Quote(keyword)}:{value}}}";

    private static IEnumerable<string> Fewer(SchemaNode schema, string keyword, string type, string opposite) => schema.Count(keyword) is > 0 and int count ? [Typed(type, opposite, $"{count - 1}")] : [];

    private static string WithoutTypes(SchemaNode schema, JsonElement types)
    {
        string[] named = types.ValueKind == JsonValueKind.Array ? [.. types.EnumerateArray().Select(type => type.GetString()!)] : [types.GetString() ?? throw schema.Error("type must be a string or a list of strings")];
        IEnumerable<string> left = s_types.Where(type => !named.Contains(type) && !(type is "integer" or Fraction && named.Contains("number")));
        return $"{{\"type\":[{string.Join(',', left.Select(Quote))}]}}";
    }
}
