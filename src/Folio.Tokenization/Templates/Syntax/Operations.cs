namespace Folio.Tokenization.Templates;

/// <summary>Arithmetic: + - * / // % **.</summary>
internal sealed class Arithmetic(int line, string op, Expression left, Expression right) : Expression(line, left, right)
{
    protected override object Compute(Scope scope)
    {
        object a = left.Evaluate(scope);
        object b = right.Evaluate(scope);
        scope.Run.Line = Line;
        return PyArithmetic.Calculate(scope.Run, op, a, b);
    }
}

/// <summary>The signs - and +, and not.</summary>
internal sealed class Unary(int line, string op, Expression operand) : Expression(line, operand)
{
    protected override object Compute(Scope scope)
    {
        object value = operand.Evaluate(scope);
        scope.Run.Line = Line;
        return op switch
        {
            "not" => !PyTypes.IsTrue(value),
            "-" => PyNumbers.Negate(value),
            _ => PyNumbers.Negate(PyNumbers.Negate(value)),
        };
    }
}

internal sealed class Logical(int line, bool isAnd, Expression left, Expression right) : Expression(line, left, right)
{
    protected override object Compute(Scope scope)
    {
        object value = left.Evaluate(scope);
        return PyTypes.IsTrue(value) == isAnd ? right.Evaluate(scope) : value;
    }
}

/// <summary>a ~ b ~ c: the parts as text.</summary>
internal sealed class Concatenation(int line, Expression[] parts) : Expression(line, parts)
{
    protected override object Compute(Scope scope)
    {
        var text = new PyStringBuilder(scope.Run);
        foreach (Expression part in parts) PyPrinter.AppendStr(scope.Run, text, part.Evaluate(scope));
        return text.ToPyString();
    }
}

/// <summary>a &lt; b &lt; c: each neighbour is compared, until one comparison is false.</summary>
internal sealed class Comparison(int line, Expression first, (string Operator, Expression Operand)[] rest)
    : Expression(line, [first, .. rest.Select(part => part.Operand)])
{
    protected override object Compute(Scope scope)
    {
        object left = first.Evaluate(scope);
        foreach ((string op, Expression operand) in rest)
        {
            object right = operand.Evaluate(scope);
            scope.Run.Line = Line;
            if (!Compare(scope.Run, op, left, right)) return false;
            left = right;
        }

        return true;
    }

    public static bool Compare(Rendering run, string op, object left, object right) => op switch
    {
        "==" => PyOperators.AreEqual(run, left, right),
        "!=" => !PyOperators.AreEqual(run, left, right),
        "<" => PyOperators.Order(run, left, right, op) < 0,
        "<=" => PyOperators.Order(run, left, right, op) <= 0,
        ">" => PyOperators.Order(run, left, right, op) > 0,
        ">=" => PyOperators.Order(run, left, right, op) >= 0,
        "in" => PyOperators.Contains(run, right, left),
        _ => !PyOperators.Contains(run, right, left),
    };
}
