using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>Python's comparisons and membership.</summary>
internal static class PyOperators
{
    public static bool AreEqual(Rendering run, object a, object b)
    {
        run.Step();
        switch (a, b)
        {
            case (PyString x, PyString y):
                run.Scan(Math.Min(x.Text.Length, y.Text.Length));
                return string.Equals(x.Text, y.Text, StringComparison.Ordinal);
            case (PyList x, PyList y):
                return AreEqual(run, x.Items, y.Items);
            case (PyTuple x, PyTuple y):
                return AreEqual(run, x.Items, y.Items);
            case (PyDict x, PyDict y):
                return AreEqual(run, x, y);
            case (PyRange x, PyRange y):
                return x.Length == y.Length && (x.Length == 0 || (x.Start == y.Start && (x.Length == 1 || x.Step == y.Step)));
            case (Undefined, Undefined):
                return true;
            default:
                return PyNumbers.Compare(a, b) is { } order ? order == 0 : ReferenceEquals(a, b);
        }
    }

    /// <summary>a &lt; b; types that have no order are an error.</summary>
    public static bool IsLess(Rendering run, object a, object b) => Order(run, a, b, "<") < 0;

    /// <summary>The order of two values for one of &lt; &lt;= &gt; &gt;=; null where they are numbers without one (NaN).</summary>
    public static int? Order(Rendering run, object a, object b, string op)
    {
        run.Step();
        switch (a, b)
        {
            case (PyString x, PyString y):
                run.Scan(Math.Min(x.Text.Length, y.Text.Length));
                return PyText.Compare(x.Text, y.Text);
            case (PyList x, PyList y):
                return Order(run, x.Items, y.Items, op);
            case (PyTuple x, PyTuple y):
                return Order(run, x.Items, y.Items, op);
            case (Undefined undefined, _):
                throw undefined.Error();
            case (_, Undefined undefined):
                throw undefined.Error();
        }

        if (PyNumbers.Compare(a, b) is { } order) return order;
        if (PyNumbers.IsNumber(a) && PyNumbers.IsNumber(b)) return null;
        throw new EvaluationException($"'{op}' not supported between instances of '{PyTypes.NameOf(a)}' and '{PyTypes.NameOf(b)}'");
    }

    public static bool Contains(Rendering run, object container, object item)
    {
        switch (container)
        {
            case PyString text:
                if (item is Undefined undefined) throw undefined.Error();
                if (item is not PyString part) throw new EvaluationException($"'in <string>' requires string as left operand, not {PyTypes.NameOf(item)}");
                run.Search(text.Text.Length, part.Text.Length);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case PyDict dict:
                PyTypes.RequireHashable(item);
                return dict.Items.ContainsKey(item);
            case PyView { Kind: ViewKind.Keys } keys:
                return Contains(run, keys.Dict, item);
            default:
                if (PyTypes.ElementsOf(container) is null) throw new EvaluationException($"argument of type '{PyTypes.NameOf(container)}' is not iterable");
                return PyTypes.Iterate(run, container).Any(element => AreEqual(run, element, item));
        }
    }

    private static bool AreEqual(Rendering run, object[] a, object[] b)
    {
        if (a.Length != b.Length) return false;
        if (ReferenceEquals(a, b)) return true;
        run.Enter();
        bool equal = true;
        for (int i = 0; i < a.Length && equal; i++) equal = AreEqual(run, a[i], b[i]);
        run.Leave();
        return equal;
    }

    private static bool AreEqual(Rendering run, PyDict a, PyDict b)
    {
        if (a.Items.Count != b.Items.Count) return false;
        run.Enter();
        bool equal = a.Items.All(item => b.Items.TryGetValue(item.Key, out object? other) && AreEqual(run, item.Value, other));
        run.Leave();
        return equal;
    }

    private static int? Order(Rendering run, object[] a, object[] b, string op)
    {
        run.Enter();
        int? order = a.Length.CompareTo(b.Length);
        for (int i = 0; i < a.Length && i < b.Length; i++)
        {
            if (AreEqual(run, a[i], b[i])) continue;
            order = Order(run, a[i], b[i], op);
            break;
        }

        run.Leave();
        return order;
    }
}
