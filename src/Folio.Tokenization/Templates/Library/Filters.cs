using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>What stands after '|'. Left out: urlize and xmlattr, which make HTML.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, NativeFunction> s_all = Build();

    public static NativeFunction? Find(string name) => s_all.GetValueOrDefault(name);

    /// <summary>int(value) of a float.</summary>
    public static BigInteger Truncated(double value) => double.IsFinite(value) ? new BigInteger(value) : throw new EvaluationException("cannot convert float infinity or NaN to integer");

    private static Dictionary<string, NativeFunction> Build()
    {
        Dictionary<string, NativeFunction> all = new(StringComparer.Ordinal);
        void Add(string names, string parameters, Func<Rendering, Bound, object> body)
        {
            foreach (string name in names.Split(' ')) all.Add(name, new NativeFunction(name, parameters, (run, a, _) => body(run, a)));
        }

        AddValues(Add);
        AddNumbers(Add);
        TextFilters.AddTo(Add);
        SequenceFilters.AddTo(Add);
        foreach (NativeFunction filter in SelectionFilters.All) all.Add(filter.Name, filter);
        all.Add("format", new NativeFunction("format", null, (run, _, arguments) => Format(run, arguments)));
        return all;
    }

    private static void AddValues(Action<string, string, Func<Rendering, Bound, object>> add)
    {
        add("default d", "value default_value? boolean?", (_, a) => a[0] is Undefined || (a.Flag(2) && !PyTypes.IsTrue(a[0]!)) ? a.Or(1, PyString.Empty) : a[0]!);
        add("attr", "obj name", (run, a) => Attributes.GetOwn(run, a[0]!, PyPrinter.Str(run, a[1]!).Text));
        add("string", "object", (run, a) => a[0] is PyString ? a[0]! : PyPrinter.Str(run, a[0]!));
        add("safe", "value", (run, a) => PyPrinter.Str(run, a[0]!).AsMarkup());
        add("pprint", "value", (run, a) => PyPrinter.Repr(run, a[0]!));
        add("tojson", "value ensure_ascii? indent? separators? sort_keys?", ToJson);
        add("length count", "obj", (_, a) => PyTypes.LengthOf(a[0]!) is >= 0 and var length ? new BigInteger(length) : throw new EvaluationException($"object of type '{PyTypes.NameOf(a[0]!)}' has no len()"));
    }

    private static void AddNumbers(Action<string, string, Func<Rendering, Bound, object>> add)
    {
        add("abs", "x", (_, a) => a[0] switch
        {
            double number => Math.Abs(number),
            Undefined undefined => throw undefined.Error(),
            _ when PyTypes.IsInteger(a[0]!, out BigInteger number) => BigInteger.Abs(number),
            _ => throw new EvaluationException($"bad operand type for abs(): '{PyTypes.NameOf(a[0]!)}'"),
        });
        add("int", "value default? base?", (run, a) => ToInt(run, a[0]!, a.Int(2, 10)) ?? a.Or(1, BigInteger.Zero));
        add("float", "value default?", (_, a) => a[0] switch
        {
            PyString text => PyNumbers.ParseDouble(text.Text) ?? a.Or(1, 0.0),
            Undefined undefined => throw undefined.Error(),
            _ when PyNumbers.IsNumber(a[0]!) => PyNumbers.ToDouble(a[0]!),
            _ => a.Or(1, 0.0),
        });
        add("round", "value precision? method?", (run, a) => Round(a[0]!, a.Int(1, 0), a.TextOrNone(2)?.Text ?? "common"));
        add("filesizeformat", "value binary?", (run, a) => PyString.Written(FileSize(a[0] is PyString text ? PyNumbers.ParseDouble(text.Text) ?? throw new EvaluationException($"could not convert string to float: {PyPrinter.Repr(run, text).Text}") : PyNumbers.ToDouble(a[0]!), a.Flag(1))));
    }

    private static object? ToInt(Rendering run, object value, int radix)
    {
        switch (value)
        {
            case PyString text:
                run.Scan(text.Text.Length * 4);
                if (radix is not (0 or (>= 2 and <= 36))) return null;
                return PyNumbers.ParseInteger(text.Text, radix) ?? (PyNumbers.ParseDouble(text.Text) is { } parsed && double.IsFinite(parsed) ? Truncated(parsed) : null);
            case double number:
                return double.IsFinite(number) ? Truncated(number) : null;
            case Undefined undefined:
                throw undefined.Error();
            default:
                return PyTypes.IsInteger(value, out BigInteger integer) ? integer : null;
        }
    }

    private static object Round(object value, int precision, string method)
    {
        if (method is not ("common" or "ceil" or "floor")) throw new EvaluationException("method must be common, ceil or floor");
        if (method == "common" && PyTypes.IsInteger(value, out BigInteger integer)) return RoundInteger(integer, precision);
        double number = PyNumbers.ToDouble(value);
        if (method == "common") return FloatText.Round(number, precision);
        double scale = Math.Pow(10, Math.Clamp(precision, -400, 400));
        return (method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
    }

    private static BigInteger RoundInteger(BigInteger value, int precision)
    {
        if (precision >= 0) return value;
        if (precision < -PyNumbers.MaxDigits) return 0;
        BigInteger unit = BigInteger.Pow(10, -precision);
        BigInteger quotient = BigInteger.DivRem(value, unit, out BigInteger rest);
        int half = (BigInteger.Abs(rest) * 2).CompareTo(unit);
        if (half > 0 || (half == 0 && !quotient.IsEven)) quotient += value.Sign;
        return quotient * unit;
    }

    private static string FileSize(double bytes, bool binary)
    {
        double unit = binary ? 1024 : 1000;
        string[] prefixes = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        if (bytes == 1) return "1 Byte";
        if (bytes < unit) return $"{(long)bytes} Bytes";
        int prefix = 0;
        while (prefix < prefixes.Length - 1 && bytes >= Math.Pow(unit, prefix + 2)) prefix++;
        return $"{FloatText.Fixed(bytes / Math.Pow(unit, prefix + 1), 1)} {prefixes[prefix]}";
    }

    private static PyString ToJson(Rendering run, Bound a)
    {
        PyString? indent = a[2] switch
        {
            null or PyNone => null,
            PyString text => text,
            _ => new PyStringBuilder(run).AppendRepeated(PyString.Written(" "), PyTypes.Int(a[2]!)).ToPyString(),
        };
        PyString item = PyString.Written(indent is null ? ", " : ","), key = PyString.Written(": ");
        if (a[3] is not (null or PyNone))
        {
            if (PyTypes.ToArray(run, a[3]!) is not [PyString first, PyString second]) throw new EvaluationException("separators must be two texts");
            (item, key) = (first, second);
        }

        return new PyJson(run, a.Flag(1), indent, item, key, a.Flag(4)).Write(a[0]!);
    }

    private static PyString Format(Rendering run, Arguments arguments)
    {
        if (arguments.Positional.Count > 1 && arguments.Named.Count > 0) throw new EvaluationException("can't handle positional and keyword arguments at the same time");
        PyString format = PyPrinter.Str(run, arguments.Positional[0]);
        if (arguments.Named.Count == 0) return PercentFormat.Format(run, format, new PyTuple([.. arguments.Positional.Skip(1)]));
        var named = new PyDict(run);
        foreach ((PyString name, object value) in arguments.Named) named.Set(name, value);
        return PercentFormat.Format(run, format, named);
    }
}
