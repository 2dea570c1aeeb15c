namespace Folio.Tokenization.Templates;

internal sealed class ForStatement(int line, Target target, Expression source, Expression? filter, bool isRecursive, Block body, Block? otherwise) : Statement(line)
{
    protected override Flow Run(Scope scope, PyStringBuilder output)
    {
        Loop(scope, source.Evaluate(scope), output, depth: 0);
        return Flow.Next;
    }

    /// <summary>One level of the loop; a recursive one calls itself through the name loop.</summary>
    private void Loop(Scope scope, object elements, PyStringBuilder output, int depth)
    {
        Rendering run = scope.Run;
        run.Enter();
        IEnumerable<object> items = PyTypes.Iterate(run, elements);
        if (filter is not null) items = items.Where(item => Passes(scope, item));
        using var loop = new LoopValue(filter is null ? elements : null, items, depth, isRecursive ? inner => Recurse(scope, inner, depth + 1) : null);
        while (loop.MoveNext())
        {
            Scope inner = scope.Inner();
            inner.Set("loop", loop);
            target.Assign(inner, loop.Current);
            if (body.Execute(inner, output) == Flow.Break) break;
        }

        if (loop.IsEmpty) otherwise?.Execute(scope.Inner(), output);
        run.Leave();
    }

    private PyString Recurse(Scope scope, object elements, int depth)
    {
        var output = new PyStringBuilder(scope.Run);
        Loop(scope, elements, output, depth);
        return output.ToPyString();
    }

    private bool Passes(Scope scope, object item)
    {
        Scope inner = scope.Inner();
        target.Assign(inner, item);
        return PyTypes.IsTrue(filter!.Evaluate(inner));
    }
}
