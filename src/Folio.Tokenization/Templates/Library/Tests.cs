using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>What stands after 'is'.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, NativeFunction> s_all = Build();

    public static NativeFunction? Find(string name) => s_all.GetValueOrDefault(name);

    private static Dictionary<string, NativeFunction> Build()
    {
        Dictionary<string, NativeFunction> all = new(StringComparer.Ordinal);
        void Add(string names, string? parameters, Func<Rendering, Bound, object> body)
        {
            foreach (string name in names.Split(' ')) all.Add(name, new NativeFunction(name, parameters, (run, a, _) => body(run, a)));
        }

        Add("defined", "value", (_, a) => a[0] is not Undefined);
        Add("undefined", "value", (_, a) => a[0] is Undefined);
        Add("none", "value", (_, a) => a[0] is PyNone);
        Add("boolean", "value", (_, a) => a[0] is bool);
        Add("true", "value", (_, a) => a[0] is true);
        Add("false", "value", (_, a) => a[0] is false);
        Add("integer", "value", (_, a) => a[0] is BigInteger);
        Add("float", "value", (_, a) => a[0] is double);
        Add("number", "value", (_, a) => PyNumbers.IsNumber(a[0]!));
        Add("string", "value", (_, a) => a[0] is PyString);
        Add("mapping", "value", (_, a) => a[0] is PyDict);
        Add("sequence", "value", (_, a) => a[0] is PyString or PyList or PyTuple or PyDict or PyRange or Undefined);
        Add("iterable", "value", (_, a) => PyTypes.ElementsOf(a[0]!) is not null);
        Add("callable", "value", (_, a) => a[0] is PyCallable or Undefined);
        Add("escaped", "value", (_, a) => a[0] is PyString { IsMarkup: true });
        Add("odd", "value", (run, a) => IsZero(PyArithmetic.Calculate(run, "-", PyArithmetic.Calculate(run, "%", a[0]!, new BigInteger(2)), BigInteger.One)));
        Add("even", "value", (run, a) => IsZero(PyArithmetic.Calculate(run, "%", a[0]!, new BigInteger(2))));
        Add("divisibleby", "value num", (run, a) => IsZero(PyArithmetic.Calculate(run, "%", a[0]!, a[1]!)));
        Add("lower", "value", (run, a) => Methods.IsAllCased(PyPrinter.Str(run, a[0]!), upper: false));
        Add("upper", "value", (run, a) => Methods.IsAllCased(PyPrinter.Str(run, a[0]!), upper: true));
        Add("sameas", "value other", (run, a) => IsSame(run, a[0]!, a[1]!));
        Add("in", "value seq", (run, a) => PyOperators.Contains(run, a[1]!, a[0]!));
        Add("filter", "value", (_, a) => a[0] is PyString name && Filters.Find(name.Text) is not null);
        Add("test", "value", (_, a) => a[0] is PyString name && Find(name.Text) is not null);
        foreach ((string op, string names) in new[] { ("==", "eq equalto =="), ("!=", "ne !="), ("<", "lt lessthan <"), ("<=", "le <="), (">", "gt greaterthan >"), (">=", "ge >=") })
        {
            Add(names, "a b", (run, a) => Comparison.Compare(run, op, a[0]!, a[1]!));
        }

        return all;
    }

    private static bool IsZero(object value) => PyNumbers.Compare(value, BigInteger.Zero) == 0;

    /// <summary>Python's 'is': one object. Small values are single objects there, so equality of type and value stands in for it.</summary>
    private static bool IsSame(Rendering run, object a, object b) =>
        ReferenceEquals(a, b) || (a is bool or BigInteger or PyString && a.GetType() == b.GetType() && PyOperators.AreEqual(run, a, b));
}
