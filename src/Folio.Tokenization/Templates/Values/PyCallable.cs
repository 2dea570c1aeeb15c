namespace Folio.Tokenization.Templates;

/// <summary>What stands in the parentheses of a call, of a filter or of a test.</summary>
internal sealed class Arguments(IReadOnlyList<object> positional, IReadOnlyList<KeyValuePair<PyString, object>>? named = null)
{
    public static Arguments None { get; } = new([]);

    public IReadOnlyList<object> Positional { get; } = positional;

    public IReadOnlyList<KeyValuePair<PyString, object>> Named { get; } = named ?? [];

    public Arguments Prepend(object first) => new([first, .. Positional], Named);
}

internal abstract class PyCallable
{
    public virtual string TypeName => "function";

    public abstract object Call(Rendering run, Arguments arguments);

    public virtual object? Attribute(Rendering run, string name) => null;
}

/// <summary>The arguments of a function by the places of its parameters; null where one was left out.</summary>
internal readonly struct Bound(object?[] values)
{
    public object? this[int index] => values[index];

    public object Or(int index, object fallback) => values[index] ?? fallback;

    /// <summary>A text.</summary>
    public PyString Text(int index) => PyTypes.Str(values[index]!);

    public PyString? TextOrNone(int index) => values[index] is null or PyNone ? null : Text(index);

    public int Int(int index, int fallback) => values[index] is { } value ? PyTypes.Int(value) : fallback;

    public bool Flag(int index, bool fallback = false) => values[index] is { } value ? PyTypes.IsTrue(value) : fallback;
}

/// <summary>A function of the engine: filter, test, method or global.</summary>
/// <param name="parameters">Names in order; one that ends in '?' may be left out, null takes whatever comes.</param>
internal sealed class NativeFunction(string name, string? parameters, Func<Rendering, Bound, Arguments, object> body) : PyCallable
{
    private readonly string[] _names = parameters?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => p.TrimEnd('?')).ToArray() ?? [];
    private readonly int _required = parameters?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Count(p => !p.EndsWith('?')) ?? 0;

    public string Name => name;

    public override object Call(Rendering run, Arguments arguments)
    {
        if (parameters is null) return body(run, default, arguments);
        var values = new object?[_names.Length];
        if (arguments.Positional.Count > values.Length) throw new EvaluationException($"{name}() takes at most {values.Length} argument(s) ({arguments.Positional.Count} given)");
        for (int i = 0; i < arguments.Positional.Count; i++) values[i] = arguments.Positional[i];
        foreach ((PyString key, object value) in arguments.Named)
        {
            int index = Array.IndexOf(_names, key.Text);
            if (index < 0) throw new EvaluationException($"{name}() got an unexpected keyword argument '{key}'");
            if (values[index] is not null) throw new EvaluationException($"{name}() got multiple values for argument '{key}'");
            values[index] = value;
        }

        for (int i = 0; i < _required; i++)
        {
            if (values[i] is null) throw new EvaluationException($"{name}() missing required argument '{_names[i]}'");
        }

        return body(run, new Bound(values), arguments);
    }
}

/// <summary>A method and the value that it was taken from.</summary>
internal sealed class BoundMethod(object target, NativeFunction function) : PyCallable
{
    public override string TypeName => "builtin_function_or_method";

    public override object Call(Rendering run, Arguments arguments) => function.Call(run, arguments.Prepend(target));
}
