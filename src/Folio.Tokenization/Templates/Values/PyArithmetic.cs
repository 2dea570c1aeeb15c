namespace Folio.Tokenization.Templates;

/// <summary>+ - * / // % ** on any values.</summary>
internal static class PyArithmetic
{
    public static object Calculate(Rendering run, string op, object a, object b)
    {
        if (PyNumbers.Calculate(run, op, a, b) is { } number) return number;
        if (op == "%" && a is PyString format) return PercentFormat.Format(run, format, b);
        if (a is Undefined left) throw left.Error();
        if (b is Undefined right) throw right.Error();
        return op switch
        {
            "+" => Add(run, a, b),
            "*" when IsSequence(a) => Repeat(run, a, b),
            "*" when IsSequence(b) => Repeat(run, b, a),
            _ => throw Unsupported(op, a, b),
        };
    }

    private static object Add(Rendering run, object a, object b)
    {
        switch (a, b)
        {
            case (PyString x, PyString y):
                bool isMarkup = x.IsMarkup || y.IsMarkup;
                if (isMarkup) (x, y) = (Escaped.Html(run, x), Escaped.Html(run, y));
                return new PyStringBuilder(run).Append(x).Append(y).ToPyString().AsMarkup(isMarkup);
            case (PyList x, PyList y):
                run.Step(x.Items.Length + y.Items.Length);
                return new PyList([.. x.Items, .. y.Items]);
            case (PyTuple x, PyTuple y):
                run.Step(x.Items.Length + y.Items.Length);
                return new PyTuple([.. x.Items, .. y.Items]);
            case (PyString or PyList or PyTuple, _):
                throw new EvaluationException($"can only concatenate {PyTypes.NameOf(a)} (not \"{PyTypes.NameOf(b)}\") to {PyTypes.NameOf(a)}");
            default:
                throw Unsupported("+", a, b);
        }
    }

    private static object Repeat(Rendering run, object sequence, object times)
    {
        if (!PyTypes.IsInteger(times, out _)) throw new EvaluationException($"can't multiply sequence by non-int of type '{PyTypes.NameOf(times)}'");
        int count = Math.Max(0, PyTypes.Int(times));
        if (sequence is PyString text) return new PyStringBuilder(run).AppendRepeated(text, count).ToPyString().AsMarkup(text.IsMarkup);
        object[] items = sequence is PyList list ? list.Items : ((PyTuple)sequence).Items;
        run.Step((long)items.Length * count);
        object[] repeated = new object[items.Length * count];
        for (int i = 0; i < repeated.Length; i++) repeated[i] = items[i % items.Length];
        return sequence is PyList ? new PyList(repeated) : new PyTuple(repeated);
    }

    private static bool IsSequence(object value) => value is PyString or PyList or PyTuple;

    private static EvaluationException Unsupported(string op, object a, object b) =>
        new($"unsupported operand type(s) for {(op == "**" ? "** or pow()" : op)}: '{PyTypes.NameOf(a)}' and '{PyTypes.NameOf(b)}'");
}
