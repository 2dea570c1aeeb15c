using System.Text.Json;

namespace Folio.Formats;

/// <summary>Reads the JSON header of a safetensors file: { "name": { "dtype", "shape", "data_offsets": [begin, end] }, "__metadata__": { text: text } }.</summary>
/// <remarks>Source: the format's README and reference reader. What is kept grows with the header's own length, never with a number in it.</remarks>
internal ref struct SafetensorsHeader
{
    private const int MostDimensions = 16;

    private readonly string _file;
    private Utf8JsonReader _json;

    private SafetensorsHeader(ReadOnlySpan<byte> json, string file)
    {
        _file = file;
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
    }

    public static List<Extent> Read(ReadOnlySpan<byte> json, string file)
    {
        var header = new SafetensorsHeader(json, file);
        try
        {
            return header.ReadAll();
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, $"the header is not valid JSON (at its byte {header._json.BytesConsumed}).", e);
        }
    }

    private List<Extent> ReadAll()
    {
        var extents = new List<Extent>();
        var names = new HashSet<string>(StringComparer.Ordinal);

        Next();
        Expect(JsonTokenType.StartObject, "the header");
        while (Next() == JsonTokenType.PropertyName)
        {
            string name = Text("a tensor's name");
            if (!names.Add(name)) throw Extent.Problem(_file, name, "is in the header twice.");
            Next();
            if (name == "__metadata__") ReadMetadata();
            else extents.Add(ReadTensor(name));
        }

        _json.Read(); // nothing but white space may follow; the reader throws otherwise
        return extents;
    }

    /// <summary>Text for people and tools; nothing in it describes the tensors.</summary>
    private void ReadMetadata()
    {
        Expect(JsonTokenType.StartObject, "'__metadata__'");
        while (Next() == JsonTokenType.PropertyName)
        {
            if (Next() != JsonTokenType.String) throw new ModelFormatException(_file, "'__metadata__' holds something else than text.");
        }
    }

    private Extent ReadTensor(string name)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;

        Expect(JsonTokenType.StartObject, $"tensor '{name}'");
        while (Next() == JsonTokenType.PropertyName)
        {
            string key = Text($"a key of tensor '{name}'");
            Next();
            switch (key)
            {
                case "dtype":
                    Expect(JsonTokenType.String, $"'dtype' of tensor '{name}'");
                    type = Text($"'dtype' of tensor '{name}'");
                    break;
                case "shape":
                    shape = ReadNumbers(key, name, MostDimensions);
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(key, name, 2);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is null) throw Extent.Problem(_file, name, "lacks one of 'dtype', 'shape' and 'data_offsets'.");
        return Describe(name, type, [.. shape], offsets);
    }

    private readonly Extent Describe(string name, string typeName, long[] shape, List<long> offsets)
    {
        TensorType type = Types.TryGetValue(typeName, out TensorType known) ? known
            : throw Extent.Problem(_file, name, $"has the type '{typeName}', which is none of the format's.");
        if (offsets is not [long begin, long end] || begin > end) throw Extent.Problem(_file, name, $"has the 'data_offsets' [{string.Join(", ", offsets)}]; a begin and an end after it are expected.");

        long bytes = Extent.BytesOf(_file, name, type, shape, inRow: false);
        if (bytes != end - begin) throw Extent.Problem(_file, name, $"of type {type.Name()} and shape {Extent.Text(shape)} needs {bytes} bytes; its 'data_offsets' span {end - begin}.");
        return new Extent(name, type, shape, begin, bytes);
    }

    private List<long> ReadNumbers(string key, string name, int most)
    {
        Expect(JsonTokenType.StartArray, $"'{key}' of tensor '{name}'");
        var numbers = new List<long>(2);
        while (Next() != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long number) || number < 0) throw Extent.Problem(_file, name, $"has something else than whole numbers in '{key}'.");
            if (numbers.Count == most) throw Extent.Problem(_file, name, $"has more than {most} numbers in '{key}'.");
            numbers.Add(number);
        }

        return numbers;
    }

    private JsonTokenType Next() => _json.Read() ? _json.TokenType : throw new ModelFormatException(_file, "the header ends early.");

    private readonly void Expect(JsonTokenType token, string what)
    {
        if (_json.TokenType != token) throw new ModelFormatException(_file, $"{what} is not {token switch { JsonTokenType.StartObject => "an object", JsonTokenType.StartArray => "a list", _ => "text" }}.");
    }

    private readonly string Text(string what) => JsonTree.Text(in _json) ?? throw new ModelFormatException(_file, $"{what} is not valid Unicode.");

    private static readonly Dictionary<string, TensorType> Types = TypesByName();

    private static Dictionary<string, TensorType> TypesByName()
    {
        var types = new Dictionary<string, TensorType>(StringComparer.Ordinal);
        for (TensorType type = TensorType.F64; type <= TensorType.F4; type++) types.Add(type.Name(), type);
        return types;
    }
}
