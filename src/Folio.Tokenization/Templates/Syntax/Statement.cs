namespace Folio.Tokenization.Templates;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A node of the tree that a template is parsed to.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;

    public Flow Execute(Scope scope, PyStringBuilder output)
    {
        scope.Run.Line = Line;
        scope.Run.Step();
        return Run(scope, output);
    }

    protected abstract Flow Run(Scope scope, PyStringBuilder output);
}

/// <summary>Statements one after the other.</summary>
internal sealed class Block(Statement[] statements)
{
    public Flow Execute(Scope scope, PyStringBuilder output)
    {
        foreach (Statement statement in statements)
        {
            Flow flow = statement.Execute(scope, output);
            if (flow != Flow.Next) return flow;
        }

        return Flow.Next;
    }

    /// <summary>What the statements write.</summary>
    public PyString Capture(Scope scope)
    {
        var output = new PyStringBuilder(scope.Run);
        Execute(scope, output);
        return output.ToPyString();
    }
}

internal sealed class DataStatement(int line, string text) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        output.Append(text);
        return Flow.Next;
    }
}

internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        PyPrinter.AppendStr(scope.Run, output, value.Evaluate(scope));
        return Flow.Next;
    }
}

internal sealed class IfStatement(int line, (Expression Test, Block Body)[] branches, Block? otherwise) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        foreach ((Expression test, Block body) in branches)
        {
            if (PyTypes.IsTrue(test.Evaluate(scope))) return body.Execute(scope, output);
        }

        return otherwise?.Execute(scope, output) ?? Flow.Next;
    }
}

/// <summary>set x = value.</summary>
internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        object result = value.Evaluate(scope);
        scope.Run.Line = Line;
        target.Assign(scope, result);
        return Flow.Next;
    }
}

/// <summary>set x … endset: the body's text, maybe filtered.</summary>
internal sealed class SetBlockStatement(int line, Target target, FilterExpression? filter, Block body) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        PyString text = body.Capture(scope.Inner());
        target.Assign(scope, filter is null ? text : filter.Apply(scope, text));
        return Flow.Next;
    }
}

internal sealed class FilterStatement(int line, FilterExpression filter, Block body) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        PyPrinter.AppendStr(scope.Run, output, filter.Apply(scope, body.Capture(scope.Inner())));
        return Flow.Next;
    }
}

/// <summary>A body with names of its own: with, generation, block.</summary>
internal sealed class ScopedStatement(int line, (Target Target, Expression Value)[] names, Block body) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        Scope inner = scope.Inner();
        object[] values = [.. names.Select(name => name.Value.Evaluate(scope))];
        for (int i = 0; i < names.Length; i++) names[i].Target.Assign(inner, values[i]);
        return body.Execute(inner, output);
    }
}

/// <summary>break and continue.</summary>
internal sealed class JumpStatement(int line, Flow flow) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output) => flow;
}

internal sealed class MacroStatement(int line, MacroDefinition definition) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        scope.Set(definition.Name, new Macro(definition, scope));
        return Flow.Next;
    }
}

internal sealed class CallStatement(int line, CallExpression call, MacroDefinition caller) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        PyPrinter.AppendStr(scope.Run, output, call.CallWith(scope, new Macro(caller, scope)));
        return Flow.Next;
    }
}
