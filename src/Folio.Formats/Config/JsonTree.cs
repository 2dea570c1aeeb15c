using System.Text.Json;

namespace Folio.Formats;

/// <summary>A JSON object as plain values: null, bool, long, double, string, List&lt;object?&gt; and Dictionary&lt;string, object?&gt;.</summary>
/// <remarks>For small files. Depth and number of values are bounded, so that a hostile file can't take more memory than a large honest one.</remarks>
internal ref struct JsonTree
{
    public const int MostBytes = 64 << 20;

    private const int MostDepth = 64;
    private const int MostValues = 1_000_000;

    private readonly string _file;
    private readonly bool _uniqueKeys;
    private Utf8JsonReader _json;
    private int _values;

    private JsonTree(ReadOnlySpan<byte> json, string file, bool uniqueKeys)
    {
        (_file, _uniqueKeys) = (file, uniqueKeys);
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
    }

    /// <param name="uniqueKeys">Refuse a key that is there twice; otherwise the last one counts, as in Python.</param>
    public static Dictionary<string, object?> Parse(ReadOnlySpan<byte> json, string file, bool uniqueKeys = false) =>
        Root(json, file, uniqueKeys) as Dictionary<string, object?> ?? throw new ModelFormatException(file, "a JSON object is expected.");

    /// <summary>A file that is a list.</summary>
    public static List<object?> ParseList(ReadOnlySpan<byte> json, string file) =>
        Root(json, file, uniqueKeys: false) as List<object?> ?? throw new ModelFormatException(file, "a JSON list is expected.");

    private static object? Root(ReadOnlySpan<byte> json, string file, bool uniqueKeys)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (json.StartsWith(byteOrderMark)) json = json[3..];
        var tree = new JsonTree(json, file, uniqueKeys);
        try
        {
            tree._json.Read();
            object? root = tree.Value();
            tree._json.Read(); // nothing but white space may follow; the reader throws otherwise
            return root;
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, $"this is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}), or nested deeper than {MostDepth}.", e);
        }
    }

    /// <summary>The text that a reader stands on; null where it isn't valid Unicode.</summary>
    public static string? Text(in Utf8JsonReader json)
    {
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // broken UTF-8, or half of a surrogate pair: the reader's way to say so
        }
    }

    private Dictionary<string, object?> Object()
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string key = String();
            _json.Read();
            if (_uniqueKeys && values.ContainsKey(key)) throw new ModelFormatException(_file, $"'{key}' is there twice.");
            values[key] = Value();
        }

        return values;
    }

    private List<object?> List()
    {
        var values = new List<object?>();
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray) values.Add(Value());
        return values;
    }

    private object? Value()
    {
        if (++_values > MostValues) throw new ModelFormatException(_file, $"the file has more than {MostValues:N0} values.");
        return _json.TokenType switch
        {
            JsonTokenType.StartObject => Object(),
            JsonTokenType.StartArray => List(),
            JsonTokenType.String => String(),
            JsonTokenType.Number => _json.TryGetInt64(out long whole) ? whole : _json.TryGetDouble(out double real) ? real : double.NaN,
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => null,
        };
    }

    private readonly string String() =>
        Text(in _json) ?? throw new ModelFormatException(_file, $"a text near byte {_json.BytesConsumed} is not valid Unicode.");
}
