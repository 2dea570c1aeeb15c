namespace Folio.Tokenization.Templates;

/// <param name="Defaults">One for each parameter; null where the parameter has none.</param>
internal sealed record MacroDefinition(string Name, string[] Parameters, Expression?[] Defaults, Block Body, bool UsesCaller, bool UsesVarargs, bool UsesKwargs);

/// <summary>A macro and the names that it sees: those of the place where it was defined, at the time of the call.</summary>
internal sealed class Macro(MacroDefinition definition, Scope closure) : PyCallable
{
    public override string TypeName => "Macro";

    public override object Call(Rendering run, Arguments arguments)
    {
        run.Enter();
        Scope scope = closure.Inner();
        Bind(run, scope, arguments);
        PyString text = definition.Body.Capture(scope);
        run.Leave();
        return text;
    }

    public override object? Attribute(Rendering run, string name) => name switch
    {
        "name" => PyString.Written(definition.Name),
        "arguments" => new PyTuple([.. definition.Parameters.Select(PyString.Written)]),
        "catch_kwargs" => definition.UsesKwargs,
        "catch_varargs" => definition.UsesVarargs,
        "caller" => definition.UsesCaller,
        _ => null,
    };

    private void Bind(Rendering run, Scope scope, Arguments arguments)
    {
        string[] parameters = definition.Parameters;
        int given = arguments.Positional.Count;
        if (given > parameters.Length && !definition.UsesVarargs) throw new EvaluationException($"macro '{definition.Name}' takes not more than {parameters.Length} argument(s)");

        var named = new Dictionary<string, KeyValuePair<PyString, object>>(StringComparer.Ordinal);
        foreach (KeyValuePair<PyString, object> argument in arguments.Named)
        {
            if (!named.TryAdd(argument.Key.Text, argument)) throw new EvaluationException($"macro '{definition.Name}' got multiple values for keyword argument '{argument.Key.Text}'");
        }

        object caller = definition.UsesCaller && named.Remove("caller", out KeyValuePair<PyString, object> block) ? block.Value : new Undefined("No caller defined");
        object?[] values = new object?[parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            if (i < given) values[i] = arguments.Positional[i];
            else if (named.Remove(parameters[i], out KeyValuePair<PyString, object> argument)) values[i] = argument.Value;
            if (i < given && named.ContainsKey(parameters[i])) throw new EvaluationException($"macro '{definition.Name}' got multiple values for argument '{parameters[i]}'");
        }

        if (named.Count > 0 && !definition.UsesKwargs) throw new EvaluationException($"macro '{definition.Name}' takes no keyword argument '{named.First().Key}'");
        if (definition.UsesVarargs) scope.Set("varargs", new PyTuple([.. arguments.Positional.Skip(parameters.Length)]));
        if (definition.UsesKwargs) scope.Set("kwargs", ToDict(run, named));
        if (definition.UsesCaller) scope.Set("caller", caller);
        // A default may refer to the parameters before it.
        for (int i = 0; i < parameters.Length; i++) scope.Set(parameters[i], values[i] ?? definition.Defaults[i]?.Evaluate(scope) ?? new Undefined($"parameter '{parameters[i]}' was not provided"));
    }

    private static PyDict ToDict(Rendering run, Dictionary<string, KeyValuePair<PyString, object>> named)
    {
        var dict = new PyDict(run);
        foreach ((PyString name, object value) in named.Values) dict.Items[name] = value;
        return dict;
    }
}
