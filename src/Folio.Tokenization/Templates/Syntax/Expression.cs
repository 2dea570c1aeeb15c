namespace Folio.Tokenization.Templates;

/// <summary>A node of the tree that an expression is parsed to.</summary>
/// <param name="line">Its line in the template.</param>
/// <param name="children">Used for the height alone: the parser bounds it, so that evaluation cannot exhaust the stack.</param>
internal abstract class Expression(int line, params ReadOnlySpan<Expression?> children)
{
    public int Line { get; } = line;

    public int Height { get; } = 1 + HeightOf(children);

    public object Evaluate(Scope scope)
    {
        scope.Run.Line = Line;
        scope.Run.Step();
        return Compute(scope);
    }

    protected abstract object Compute(Scope scope);

    private static int HeightOf(ReadOnlySpan<Expression?> children)
    {
        int height = 0;
        foreach (Expression? child in children) height = Math.Max(height, child?.Height ?? 0);
        return height;
    }
}

internal sealed class Literal(int line, object value) : Expression(line)
{
    public object Value => value;

    protected override object Compute(Scope scope) => value;
}

internal sealed class NameReference(int line, string name) : Expression(line)
{
    public string Name => name;

    protected override object Compute(Scope scope) => scope.Get(name);
}

internal sealed class ListLiteral(int line, Expression[] items, bool isTuple) : Expression(line, items)
{
    public Expression[] Items => items;

    public bool IsTuple => isTuple;

    protected override object Compute(Scope scope)
    {
        object[] values = [.. items.Select(item => item.Evaluate(scope))];
        return isTuple ? new PyTuple(values) : new PyList(values);
    }
}

internal sealed class DictLiteral(int line, Expression[] keys, Expression[] values) : Expression(line, [.. keys, .. values])
{
    protected override object Compute(Scope scope)
    {
        var dict = new PyDict(scope.Run);
        for (int i = 0; i < keys.Length; i++) dict.Set(keys[i].Evaluate(scope), values[i].Evaluate(scope));
        return dict;
    }
}

/// <summary>x if test else y; without else, undefined.</summary>
internal sealed class Conditional(int line, Expression test, Expression then, Expression? otherwise) : Expression(line, test, then, otherwise)
{
    protected override object Compute(Scope scope) => PyTypes.IsTrue(test.Evaluate(scope))
        ? then.Evaluate(scope)
        : otherwise?.Evaluate(scope) ?? new Undefined("the inline if-expression evaluated to false and no else section was defined.");
}

internal sealed class AttributeAccess(int line, Expression target, string name) : Expression(line, target)
{
    protected override object Compute(Scope scope)
    {
        object value = target.Evaluate(scope);
        scope.Run.Line = Line;
        return Attributes.Get(scope.Run, value, name);
    }
}

internal sealed class Subscript(int line, Expression target, Expression index) : Expression(line, target, index)
{
    protected override object Compute(Scope scope)
    {
        object value = target.Evaluate(scope);
        object key = index.Evaluate(scope);
        scope.Run.Line = Line;
        return Attributes.GetItem(scope.Run, value, key);
    }
}

internal sealed class SliceAccess(int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line, target, start, stop, step)
{
    protected override object Compute(Scope scope)
    {
        object value = target.Evaluate(scope);
        object? from = start?.Evaluate(scope), to = stop?.Evaluate(scope), by = step?.Evaluate(scope);
        scope.Run.Line = Line;
        return Slicing.Slice(scope.Run, value, from, to, by);
    }
}
