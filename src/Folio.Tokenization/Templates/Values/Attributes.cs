namespace Folio.Tokenization.Templates;

/// <summary>Attributes and elements, by the rules of Jinja's immutable sandbox: nothing that changes a value, nothing that starts with '_'.</summary>
internal static class Attributes
{
    /// <summary>What Python's lists and dicts have to change them; naming one is allowed, using it is not.</summary>
    private static readonly HashSet<string> s_listMutators = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];
    private static readonly HashSet<string> s_dictMutators = ["clear", "pop", "popitem", "setdefault", "update"];

    /// <summary>value.name: an attribute, else an element.</summary>
    public static object Get(Rendering run, object value, string name)
    {
        if (value is Undefined undefined) throw undefined.Error();
        return Own(run, value, name) ?? ElementNamed(value, name) ?? Missing(value, name);
    }

    /// <summary>The filter attr: attributes alone.</summary>
    public static object GetOwn(Rendering run, object value, string name)
    {
        if (value is Undefined undefined) throw undefined.Error();
        return Own(run, value, name) ?? Missing(value, name);
    }

    /// <summary>value[key]: an element, else an attribute.</summary>
    public static object GetItem(Rendering run, object value, object key)
    {
        run.Step();
        switch (value)
        {
            case Undefined undefined:
                throw undefined.Error();
            case PyDict dict when key is not (PyList or PyDict or PyTuple or PyView):
                if (dict.Items.TryGetValue(key, out object? found)) return found;
                break;
            case PyDict dict when key is PyTuple:
                PyTypes.RequireHashable(key);
                if (dict.Items.TryGetValue(key, out found)) return found;
                break;
            case PyString or PyList or PyTuple or PyRange when PyTypes.IsInteger(key, out _):
                int length = PyTypes.LengthOf(value);
                int index = PyTypes.Int(key);
                if (index < 0) index += length;
                if (index >= 0 && index < length) return ElementAt(run, value, index);
                break;
        }

        if (key is PyString name) return Own(run, value, name.Text) ?? Missing(value, name.Text);
        return new Undefined($"{Describe(value)} has no element {PyPrinter.Repr(run, key).Text}");
    }

    private static object ElementAt(Rendering run, object value, int index) => value switch
    {
        PyString text => text.CharacterAt(text.OffsetOf(run, index)),
        PyList list => list.Items[index],
        PyTuple tuple => tuple.Items[index],
        _ => ((PyRange)value)[index],
    };

    private static object? ElementNamed(object value, string name) =>
        value is PyDict dict && dict.Items.TryGetValue(PyString.Written(name), out object? found) ? found : null;

    /// <returns>Null where Python has no such attribute.</returns>
    private static object? Own(Rendering run, object value, string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal)) return Undefined.Unsafe(name, value);
        bool mutates = value switch { PyList => s_listMutators.Contains(name), PyDict => s_dictMutators.Contains(name), _ => false };
        if (mutates) return Undefined.Unsafe(name, value);
        return value switch
        {
            PyNamespace space => space.Attributes.GetValueOrDefault(name),
            PyCallable callable => callable.Attribute(run, name),
            PyTuple tuple when Array.IndexOf(tuple.Fields, name) is >= 0 and var field => tuple.Items[field],
            _ => Methods.Find(value, name) is { } method ? new BoundMethod(value, method) : null,
        };
    }

    private static Undefined Missing(object value, string name) => new($"'{Describe(value)}' has no attribute '{name}'");

    private static string Describe(object value) => value is PyNone ? "None" : PyTypes.NameOf(value) + " object";
}
