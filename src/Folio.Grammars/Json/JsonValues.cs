using System.Text;
using System.Text.Json;

namespace Folio.Grammars;

/// <summary>JSON values as they are compared and written.</summary>
internal static class JsonValues
{
    /// <summary>A text that equal values share: members sorted, numbers without needless digits.</summary>
    public static string Key(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', Members(value).OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{SchemaNegation.Quote(member.Key)}:{Key(member.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Key)) + "]",
        JsonValueKind.String => SchemaNegation.Quote(value.GetString()!),
        JsonValueKind.Number => DecimalNumber.Of(value).ToString(),
        _ => value.GetRawText(),
    };

    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => DecimalNumber.Of(value).IsInteger ? JsonTypes.Integer : JsonTypes.Fraction,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };

    /// <summary>Writes a value in the one form that this project writes, without white space.</summary>
    public static byte[] Compact(JsonElement value)
    {
        var text = new MemoryStream();
        Write(text, value);
        return text.ToArray();
    }

    public static Dictionary<string, JsonElement> Members(JsonElement value)
    {
        var members = new Dictionary<string, JsonElement>();
        foreach (JsonProperty member in value.EnumerateObject()) members[member.Name] = member.Value;
        return members;
    }

    private static void Write(MemoryStream text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                char before = '{';
                foreach (KeyValuePair<string, JsonElement> member in Members(value))
                {
                    text.WriteByte((byte)before);
                    text.Write([(byte)'"', .. TextNodes.Escape(member.Key), (byte)'"', (byte)':']);
                    Write(text, member.Value);
                    before = ',';
                }

                if (before == '{') text.WriteByte((byte)'{');
                text.WriteByte((byte)'}');
                break;
            case JsonValueKind.Array:
                text.WriteByte((byte)'[');
                bool first = true;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (!first) text.WriteByte((byte)',');
                    Write(text, item);
                    first = false;
                }

                text.WriteByte((byte)']');
                break;
            case JsonValueKind.String:
                text.Write([(byte)'"', .. TextNodes.Escape(value.GetString()!), (byte)'"']);
                break;
            case JsonValueKind.Number:
                text.Write(Encoding.ASCII.GetBytes(DecimalNumber.Of(value).ToString()));
                break;
            default:
                text.Write(Encoding.ASCII.GetBytes(value.GetRawText()));
                break;
        }
    }
}
