using System.Numerics;

namespace Folio.Tokenization.Templates;

// A value is an object: bool, BigInteger (every int), double, PyString, or one of the types below. Nothing a template can reach changes
// a value once made (the sandbox is the immutable one), except namespaces and iterators.

/// <summary>None.</summary>
internal sealed class PyNone
{
    public static readonly PyNone Value = new();

    private PyNone() { }
}

/// <summary>What a missing name or attribute yields: prints as nothing, is false and empty, fails on any other use.</summary>
internal sealed class Undefined(string reason)
{
    public string Reason { get; } = reason;

    public static Undefined Unsafe(string attribute, object owner) => new($"access to attribute '{attribute}' of '{PyTypes.NameOf(owner)}' object is unsafe.");

    public EvaluationException Error() => new(Reason);
}

internal sealed class PyList(object[] items)
{
    public object[] Items { get; } = items;
}

/// <param name="fields">Names of the items where it is a named tuple (groupby).</param>
internal sealed class PyTuple(object[] items, params string[] fields)
{
    public object[] Items { get; } = items;

    public string[] Fields { get; } = fields;
}

/// <summary>A dict in order of insertion, with Python's equality of keys.</summary>
internal sealed class PyDict
{
    private const int Cost = 8; // steps: the largest of the values, even when empty

    public PyDict(Rendering run)
    {
        run.Step(Cost);
        Items = new OrderedDictionary<object, object>(run.Keys);
    }

    public OrderedDictionary<object, object> Items { get; }

    /// <summary>Sets a key; a list or another unhashable key is an error.</summary>
    public void Set(object key, object value)
    {
        PyTypes.RequireHashable(key);
        Items[key] = value;
    }
}

internal enum ViewKind
{
    Keys,
    Values,
    Items,
}

/// <summary>What keys(), values() and items() of a dict return.</summary>
internal sealed class PyView(PyDict dict, ViewKind kind)
{
    public PyDict Dict { get; } = dict;

    public ViewKind Kind { get; } = kind;

    public IEnumerable<object> Elements() => Dict.Items.Select(item => Kind switch
    {
        ViewKind.Keys => item.Key,
        ViewKind.Values => item.Value,
        _ => new PyTuple([item.Key, item.Value]),
    });
}

internal sealed class PyRange(BigInteger start, BigInteger stop, BigInteger step)
{
    /// <summary>The sandbox's own bound (jinja2.sandbox.MAX_RANGE).</summary>
    public const int MaxLength = 100_000;

    public int Length { get; } = CheckedLength(start, stop, step);

    public BigInteger Start => start;

    public BigInteger Stop => stop;

    public BigInteger Step => step;

    public object this[int index] => start + index * step;

    public IEnumerable<object> Elements() => Enumerable.Range(0, Length).Select(index => this[index]);

    private static int CheckedLength(BigInteger start, BigInteger stop, BigInteger step)
    {
        if (step.IsZero) throw new EvaluationException("range() arg 3 must not be zero");
        BigInteger length = step.Sign > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        if (length > MaxLength) throw new EvaluationException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxLength}).");
        return length.Sign <= 0 ? 0 : (int)length;
    }
}

/// <summary>A generator: its elements come once.</summary>
internal sealed class PyIterator(IEnumerable<object> elements, string typeName = "generator")
{
    private readonly IEnumerator<object> _elements = elements.GetEnumerator();

    public string TypeName { get; } = typeName;

    public IEnumerable<object> Rest()
    {
        while (_elements.MoveNext()) yield return _elements.Current;
    }
}

/// <summary>What namespace() makes: the one thing whose attributes a template may set.</summary>
internal sealed class PyNamespace
{
    public Dictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);

    public void Set(string name, object value)
    {
        if (name.StartsWith('_')) throw new EvaluationException($"Chat templates cannot store underscore-prefixed attributes on a namespace, but got '{name}'. Please rename the attribute.");
        Attributes[name] = value;
    }
}
