namespace Folio.Tokenization.Templates;

/// <summary>What stands to the left of an assignment.</summary>
internal abstract class Target
{
    public abstract void Assign(Scope scope, object value);
}

internal sealed class NameTarget(string name) : Target
{
    public override void Assign(Scope scope, object value) => scope.Set(name, value);
}

/// <summary>ns.x: an attribute of a namespace.</summary>
internal sealed class AttributeTarget(string name, string attribute) : Target
{
    public override void Assign(Scope scope, object value)
    {
        if (scope.Get(name) is not PyNamespace space) throw new EvaluationException("cannot assign attribute on non-namespace object");
        space.Set(attribute, value);
    }
}

/// <summary>a, b: as many values as targets.</summary>
internal sealed class TupleTarget(Target[] targets) : Target
{
    public override void Assign(Scope scope, object value)
    {
        if (PyTypes.ElementsOf(value) is null) throw new EvaluationException($"cannot unpack non-iterable {PyTypes.NameOf(value)} object");
        object[] values = [.. PyTypes.Iterate(scope.Run, value).Take(targets.Length + 1)];
        if (values.Length > targets.Length) throw new EvaluationException($"too many values to unpack (expected {targets.Length})");
        if (values.Length < targets.Length) throw new EvaluationException($"not enough values to unpack (expected {targets.Length}, got {values.Length})");
        for (int i = 0; i < targets.Length; i++) targets[i].Assign(scope, values[i]);
    }
}
