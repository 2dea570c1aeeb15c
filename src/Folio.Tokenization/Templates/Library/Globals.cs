using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>The functions that every template sees.</summary>
internal static class Globals
{
    private static readonly Dictionary<string, PyCallable> s_all = new PyCallable[]
    {
        new NativeFunction("range", null, (_, _, arguments) => Range(arguments)),
        new NativeFunction("dict", null, (run, _, arguments) => Dict(run, arguments)),
        new NativeFunction("namespace", null, (run, _, arguments) => Namespace(run, arguments)),
        new NativeFunction("raise_exception", "message", (run, a, _) => throw new EvaluationException(PyPrinter.Str(run, a[0]!).Text, raisedByTemplate: true)),
        new NativeFunction("strftime_now", "format", (run, a, _) => a.Text(0).Derived(Strftime.Format(run, a.Text(0).Text, run.Now))),
        new NativeFunction("cycler", null, (_, _, arguments) => new Cycler(arguments.Positional)),
        new NativeFunction("joiner", "sep?", (_, a, _) => new Joiner(a.TextOrNone(0) ?? PyString.Written(", "))),
        // Random filler text has no place in a prompt: there so that a template may ask whether it is defined.
        new NativeFunction("lipsum", null, (_, _, _) => throw new EvaluationException("lipsum is left out")),
    }.ToDictionary(function => ((NativeFunction)function).Name);

    public static PyCallable? Find(string name) => s_all.GetValueOrDefault(name);

    private static PyRange Range(Arguments arguments)
    {
        var values = new BigInteger[arguments.Positional.Count];
        if (values.Length is 0 or > 3) throw new EvaluationException($"range expected 1 to 3 arguments, got {values.Length}");
        for (int i = 0; i < values.Length; i++)
        {
            if (arguments.Positional[i] is Undefined undefined) throw undefined.Error();
            if (!PyTypes.IsInteger(arguments.Positional[i], out values[i])) throw new EvaluationException($"'{PyTypes.NameOf(arguments.Positional[i])}' object cannot be interpreted as an integer");
        }

        return values.Length == 1 ? new PyRange(0, values[0], 1) : new PyRange(values[0], values[1], values.Length == 3 ? values[2] : 1);
    }

    private static PyDict Dict(Rendering run, Arguments arguments)
    {
        var dict = new PyDict(run);
        if (arguments.Positional.Count > 1) throw new EvaluationException($"dict expected at most 1 argument, got {arguments.Positional.Count}");
        foreach ((object key, object value) in arguments.Positional.Count == 0 ? [] : Entries(run, arguments.Positional[0])) dict.Set(key, value);
        foreach ((PyString key, object value) in arguments.Named) dict.Set(key, value);
        return dict;
    }

    private static PyNamespace Namespace(Rendering run, Arguments arguments)
    {
        var space = new PyNamespace();
        foreach ((object key, object value) in arguments.Positional.Count == 0 ? [] : Entries(run, arguments.Positional[0])) space.Set(PyTypes.Str(key).Text, value);
        foreach ((PyString key, object value) in arguments.Named) space.Set(key.Text, value);
        return space;
    }

    /// <summary>The entries of a dict, or of a list of pairs.</summary>
    private static IEnumerable<KeyValuePair<object, object>> Entries(Rendering run, object value)
    {
        if (value is PyDict dict) return dict.Items;
        return PyTypes.Iterate(run, value).Select(pair => PyTypes.ToArray(run, pair) is [var key, var item]
            ? KeyValuePair.Create(key, item)
            : throw new EvaluationException("a dict is made of pairs"));
    }
}

/// <summary>cycler(a, b): next() yields one after the other.</summary>
internal sealed class Cycler(IReadOnlyList<object> items) : PyCallable
{
    private static readonly NativeFunction s_next = new("next", "self", (_, a, _) => ((Cycler)a[0]!).Next());
    private static readonly NativeFunction s_reset = new("reset", "self", (_, a, _) => ((Cycler)a[0]!).Reset());

    private int _at;

    public override string TypeName => "Cycler";

    public override object Call(Rendering run, Arguments arguments) => throw new EvaluationException("'Cycler' object is not callable");

    public override object? Attribute(Rendering run, string name) => name switch
    {
        "next" => new BoundMethod(this, s_next),
        "reset" => new BoundMethod(this, s_reset),
        "current" when items.Count > 0 => items[_at],
        _ => null,
    };

    private object Next()
    {
        if (items.Count == 0) throw new EvaluationException("at least one item has to be provided");
        object current = items[_at];
        _at = (_at + 1) % items.Count;
        return current;
    }

    private PyNone Reset()
    {
        _at = 0;
        return PyNone.Value;
    }
}

/// <summary>joiner(sep): nothing at the first call, the separator after that.</summary>
internal sealed class Joiner(PyString separator) : PyCallable
{
    private bool _used;

    public override string TypeName => "Joiner";

    public override object Call(Rendering run, Arguments arguments)
    {
        PyString result = _used ? separator : PyString.Empty;
        _used = true;
        return result;
    }
}
