using System.Globalization;

namespace Folio.Formats;

/// <summary>Typed access to the keys of a configuration object.</summary>
/// <remarks>
/// Each getter takes a key and the other names under which checkpoints write the same thing; the first that is there counts.
/// Null (in the file or because nothing is there) means "the default", which only the architecture knows. A value of another kind is refused.
/// </remarks>
public class ConfigSection
{
    private readonly Dictionary<string, object?> _values;
    private readonly string _prefix;

    /// <param name="prefix">What stands before this object's keys in messages: "rope_scaling.".</param>
    internal ConfigSection(string file, Dictionary<string, object?> values, string prefix = "") => (File, _values, _prefix) = (file, values, prefix);

    /// <summary>The file's name, as messages show it.</summary>
    public string File { get; }

    public IReadOnlyCollection<string> Keys => _values.Keys;

    /// <summary>Whether the key is there with another value than null.</summary>
    public bool Has(string key) => _values.GetValueOrDefault(key) is not null;

    public int? Int(params ReadOnlySpan<string> keys) => Find(keys, out string key) switch
    {
        null => null,
        object value when Whole(value) is int number => number,
        object value => throw Wrong(key, value, "a whole number of 32 bits"),
    };

    public double? Number(params ReadOnlySpan<string> keys) => Find(keys, out string key) switch
    {
        null => null,
        long number => number,
        double number when double.IsFinite(number) => number,
        object value => throw Wrong(key, value, "a number"),
    };

    public bool? Flag(params ReadOnlySpan<string> keys) => Find(keys, out string key) switch
    {
        null => null,
        bool flag => flag,
        object value => throw Wrong(key, value, "true or false"),
    };

    public string? Text(params ReadOnlySpan<string> keys) => Find(keys, out string key) switch
    {
        null => null,
        string text => text,
        object value => throw Wrong(key, value, "text"),
    };

    /// <summary>A list of whole numbers; a single one counts as a list of it (eos_token_id).</summary>
    public IReadOnlyList<int>? Ints(params ReadOnlySpan<string> keys)
    {
        object? value = Find(keys, out string key);
        if (value is null) return null;
        List<object?> list = value as List<object?> ?? [value];
        return [.. list.Select(item => Whole(item) ?? throw Wrong(key, value, "a list of whole numbers"))];
    }

    public IReadOnlyList<double>? Numbers(params ReadOnlySpan<string> keys)
    {
        object? value = Find(keys, out string key);
        if (value is null) return null;
        List<object?> list = value as List<object?> ?? throw Wrong(key, value, "a list of numbers");
        return [.. list.Select(item => item switch { long number => number, double number when double.IsFinite(number) => number, _ => throw Wrong(key, value, "a list of numbers") })];
    }

    public IReadOnlyList<string>? Texts(params ReadOnlySpan<string> keys)
    {
        object? value = Find(keys, out string key);
        if (value is null) return null;
        List<object?> list = value as List<object?> ?? throw Wrong(key, value, "a list of texts");
        return [.. list.Select(item => item as string ?? throw Wrong(key, value, "a list of texts"))];
    }

    public ConfigSection? Section(params ReadOnlySpan<string> keys) => Find(keys, out string key) switch
    {
        null => null,
        Dictionary<string, object?> values => new ConfigSection(File, values, $"{_prefix}{key}."),
        object value => throw Wrong(key, value, "an object"),
    };

    /// <summary>A number of things, from 1 up to a bound that no honest model reaches: buffers are sized by it.</summary>
    public int? Count(int most, params ReadOnlySpan<string> keys)
    {
        int? count = Int(keys);
        if (count is < 1 || count > most)
        {
            Find(keys, out string key);
            throw new ModelFormatException(File, $"'{Label(key)}' is {count}; a number from 1 to {most} is expected.");
        }

        return count;
    }

    /// <summary>As <see cref="Count"/>, for keys without which no model can be made.</summary>
    public int RequiredCount(int most, params ReadOnlySpan<string> keys) =>
        Count(most, keys) ?? throw new ModelFormatException(File, $"'{Label(keys[0])}' is missing.");

    /// <summary>Refuses a setting that has another value than those that are known.</summary>
    public void Expect<T>(string key, T value, params ReadOnlySpan<T> known) where T : notnull
    {
        if (known.Contains(value, EqualityComparer<T>.Default)) return;
        throw new ModelFormatException(File, $"'{Label(key)}' is {Text(value)}; {string.Join(" or ", known.ToArray().Select(Text))} is expected.");

        static string Text(T value) => value switch { string text => $"\"{text}\"", bool flag => flag ? "true" : "false", _ => $"{value}" };
    }

    /// <summary>The value of a key as the file has it: long, double, bool, string, List or Dictionary.</summary>
    internal object? Raw(string key) => _values.GetValueOrDefault(key);

    /// <summary>A key as the file writes it.</summary>
    public virtual string Label(string key) => _prefix + key;

    private object? Find(ReadOnlySpan<string> keys, out string key)
    {
        foreach (string candidate in keys)
        {
            if (_values.GetValueOrDefault(candidate) is not { } value) continue;
            key = candidate;
            return value;
        }

        key = "";
        return null;
    }

    private static int? Whole(object? value) => value switch
    {
        long number when number is >= int.MinValue and <= int.MaxValue => (int)number,
        double number when number is >= int.MinValue and <= int.MaxValue && Math.Floor(number) == number => (int)number, // 4096.0
        _ => null,
    };

    private ModelFormatException Wrong(string key, object value, string expected) => new(File, $"'{Label(key)}' is {Describe(value)}; {expected} is expected.");

    private static string Describe(object value) => value switch
    {
        string text => text.Length <= 60 ? $"\"{text}\"" : "a long text",
        bool flag => flag ? "true" : "false",
        List<object?> list => $"a list of {list.Count}",
        Dictionary<string, object?> => "an object",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
