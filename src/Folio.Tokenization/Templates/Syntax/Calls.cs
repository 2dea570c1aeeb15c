namespace Folio.Tokenization.Templates;

/// <summary>The arguments that a call, filter or test is written with.</summary>
internal sealed record CallArguments(Expression[] Positional, KeyValuePair<PyString, Expression>[] Named, Expression? Starred, Expression? DoubleStarred)
{
    public static CallArguments None { get; } = new([], [], null, null);

    public IEnumerable<Expression?> Children => [.. Positional, .. Named.Select(argument => argument.Value), Starred, DoubleStarred];

    public Arguments Evaluate(Scope scope, params ReadOnlySpan<object> first)
    {
        if (first.Length + Positional.Length + Named.Length == 0 && Starred is null && DoubleStarred is null) return Arguments.None;
        List<object> positional = [.. first];
        foreach (Expression argument in Positional) positional.Add(argument.Evaluate(scope));
        List<KeyValuePair<PyString, object>> named = [];
        foreach ((PyString name, Expression value) in Named) named.Add(new(name, value.Evaluate(scope)));
        if (Starred is not null) positional.AddRange(PyTypes.Iterate(scope.Run, Starred.Evaluate(scope)));
        if (DoubleStarred is not null) AddEntries(named, DoubleStarred.Evaluate(scope));
        return new Arguments(positional, named);
    }

    private static void AddEntries(List<KeyValuePair<PyString, object>> named, object value)
    {
        if (value is not PyDict dict) throw new EvaluationException($"argument after ** must be a mapping, not {PyTypes.NameOf(value)}");
        foreach ((object key, object item) in dict.Items) named.Add(new(key as PyString ?? throw new EvaluationException("keywords must be strings"), item));
    }
}

internal sealed class CallExpression(int line, Expression callee, CallArguments arguments) : Expression(line, [callee, .. arguments.Children])
{
    protected override object Compute(Scope scope)
    {
        object target = callee.Evaluate(scope);
        if (target is Undefined undefined) throw undefined.Error();
        if (target is not PyCallable callable) throw new EvaluationException($"'{PyTypes.NameOf(target)}' object is not callable");
        Arguments values = arguments.Evaluate(scope);
        scope.Run.Line = Line;
        return callable.Call(scope.Run, values);
    }

    /// <summary>The call of a call block: its body goes along as the argument named caller.</summary>
    public object CallWith(Scope scope, Macro caller)
    {
        scope.Run.Line = Line;
        object target = callee.Evaluate(scope);
        if (target is Undefined undefined) throw undefined.Error();
        if (target is not PyCallable callable) throw new EvaluationException($"'{PyTypes.NameOf(target)}' object is not callable");
        Arguments values = arguments.Evaluate(scope);
        return callable.Call(scope.Run, new Arguments(values.Positional, [.. values.Named, new(PyString.Written("caller"), caller)]));
    }
}

/// <param name="input">Null where the filter's input is a block's text.</param>
internal sealed class FilterExpression(int line, Expression? input, string name, CallArguments arguments) : Expression(line, [input, .. arguments.Children])
{
    protected override object Compute(Scope scope) => Apply(scope, input!.Evaluate(scope));

    /// <summary>Applies a chain of filters whose innermost has no input of its own to a text.</summary>
    public object Apply(Scope scope, PyString text) => Apply(scope, input is FilterExpression inner ? inner.Apply(scope, text) : text);

    private object Apply(Scope scope, object value)
    {
        NativeFunction filter = Filters.Find(name) ?? throw new EvaluationException($"No filter named '{name}' found.");
        Arguments values = arguments.Evaluate(scope, value);
        scope.Run.Line = Line;
        return filter.Call(scope.Run, values);
    }
}

internal sealed class TestExpression(int line, Expression input, string name, CallArguments arguments) : Expression(line, [input, .. arguments.Children])
{
    protected override object Compute(Scope scope)
    {
        NativeFunction test = Tests.Find(name) ?? throw new EvaluationException($"No test named '{name}' found.");
        Arguments values = arguments.Evaluate(scope, input.Evaluate(scope));
        scope.Run.Line = Line;
        return test.Call(scope.Run, values);
    }
}
