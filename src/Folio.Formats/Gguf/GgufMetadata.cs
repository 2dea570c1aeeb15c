using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Folio.Formats;

/// <summary>The key-value pairs of a GGUF file. They stay in the file, checked, and are decoded when asked for.</summary>
/// <remarks>
/// A getter named Try… returns false where the key is absent; any getter refuses a value of another kind, naming key and kinds.
/// Whole numbers of every width are one kind, and so are they and reals where a real is asked for: converters differ in the widths they write.
/// </remarks>
public sealed class GgufMetadata
{
    private readonly FileBytes _file;
    private readonly Dictionary<string, (GgufValueType Type, long Offset)> _values = new(StringComparer.Ordinal);

    internal GgufMetadata(FileBytes file) => _file = file;

    /// <summary>The file's name, as messages show it.</summary>
    public string File => _file.Name;

    /// <summary>All keys, in the file's order.</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>A scalar as its .NET type, an array as an array of it (string[], int[], float[], …), nested arrays as object[].</summary>
    public object? GetValue(string key)
    {
        if (!_values.TryGetValue(key, out (GgufValueType Type, long Offset) value)) return null;
        var reader = new GgufReader(_file, value.Offset);
        return GgufValues.Read(ref reader, value.Type, key);
    }

    public bool TryGetString(string key, [NotNullWhen(true)] out string? text) => (text = Get<string>(key, "text")) is not null;

    public bool TryGetBool(string key, out bool flag)
    {
        bool? value = GetValue(key) switch { null => null, bool known => known, object other => throw Wrong(key, "true or false", other) };
        flag = value ?? false;
        return value.HasValue;
    }

    public bool? FindBool(string key) => TryGetBool(key, out bool flag) ? flag : null;

    /// <returns>A token's id; null: there is none, for which converters write −1.</returns>
    public int? FindId(string key) => TryGetInt64(key, out long id) && id is >= 0 and <= int.MaxValue ? (int)id : null;

    public bool TryGetInt64(string key, out long number)
    {
        object? value = GetValue(key);
        number = value is null ? 0 : GgufValues.Whole(value) ?? throw Wrong(key, "a whole number of 64 bits", value);
        return value is not null;
    }

    public bool TryGetInt32(string key, out int number)
    {
        bool found = TryGetInt64(key, out long wide);
        number = wide is >= int.MinValue and <= int.MaxValue ? (int)wide : throw Wrong(key, "a whole number of 32 bits", wide);
        return found;
    }

    public bool TryGetUInt32(string key, out uint number)
    {
        bool found = TryGetInt64(key, out long wide);
        number = wide is >= 0 and <= uint.MaxValue ? (uint)wide : throw Wrong(key, "a positive number of 32 bits", wide);
        return found;
    }

    public bool TryGetDouble(string key, out double number)
    {
        object? value = GetValue(key);
        number = value is null ? 0 : GgufValues.Real(value) ?? throw Wrong(key, "a number", value);
        return value is not null;
    }

    public bool TryGetSingle(string key, out float number)
    {
        bool found = TryGetDouble(key, out double wide);
        number = (float)wide;
        return found;
    }

    public bool TryGetStrings(string key, [NotNullWhen(true)] out string[]? texts) => (texts = Get<string[]>(key, "an array of texts")) is not null;

    public bool TryGetBools(string key, [NotNullWhen(true)] out bool[]? flags) => (flags = Get<bool[]>(key, "an array of truth values")) is not null;

    public bool TryGetInts(string key, [NotNullWhen(true)] out int[]? numbers)
    {
        object? value = GetValue(key);
        numbers = value is null ? null : GgufValues.Ints(value) ?? throw Wrong(key, "an array of whole numbers of 32 bits", value);
        return numbers is not null;
    }

    public bool TryGetFloats(string key, [NotNullWhen(true)] out float[]? numbers)
    {
        object? value = GetValue(key);
        numbers = value is null ? null : GgufValues.Floats(value) ?? throw Wrong(key, "an array of numbers", value);
        return numbers is not null;
    }

    public string GetString(string key) => TryGetString(key, out string? value) ? value : throw Missing(key);

    public bool GetBool(string key) => TryGetBool(key, out bool value) ? value : throw Missing(key);

    public int GetInt32(string key) => TryGetInt32(key, out int value) ? value : throw Missing(key);

    public uint GetUInt32(string key) => TryGetUInt32(key, out uint value) ? value : throw Missing(key);

    public long GetInt64(string key) => TryGetInt64(key, out long value) ? value : throw Missing(key);

    public float GetSingle(string key) => TryGetSingle(key, out float value) ? value : throw Missing(key);

    public double GetDouble(string key) => TryGetDouble(key, out double value) ? value : throw Missing(key);

    public string[] GetStrings(string key) => TryGetStrings(key, out string[]? values) ? values : throw Missing(key);

    public int[] GetInts(string key) => TryGetInts(key, out int[]? values) ? values : throw Missing(key);

    public float[] GetFloats(string key) => TryGetFloats(key, out float[]? values) ? values : throw Missing(key);

    /// <summary>Whether a value is an array, and of how many elements: an answer without decoding it.</summary>
    public bool IsArray(string key, out long count)
    {
        count = 0;
        if (!_values.TryGetValue(key, out (GgufValueType Type, long Offset) value) || value.Type != GgufValueType.Array) return false;
        var reader = new GgufReader(_file, value.Offset);
        count = reader.ReadArrayHead(key).Count;
        return true;
    }

    /// <summary>Checks the pairs that the reader stands before, and remembers where each lies.</summary>
    internal void Read(ref GgufReader reader, ulong count)
    {
        const int mostKeyBytes = 65535; // the specification's limit
        for (ulong i = 0; i < count; i++)
        {
            string key = reader.ReadName($"metadata key {i + 1} of {count}", mostKeyBytes);
            GgufValueType type = reader.ReadType(key);
            if (!_values.TryAdd(key, (type, reader.Position))) throw new ModelFormatException(File, $"metadata '{key}' is there twice.");
            reader.Skip(type, key);
        }
    }

    private T? Get<T>(string key, string kind) where T : class =>
        GetValue(key) switch { null => null, T value => value, object other => throw Wrong(key, kind, other) };

    private ModelFormatException Missing(string key) => new(File, $"metadata '{key}' is missing.");

    private ModelFormatException Wrong(string key, string expected, object found) =>
        new(File, $"metadata '{key}' is {GgufValues.Describe(found)}; {expected} is expected.");
}
