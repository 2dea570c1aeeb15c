using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>Filters over the elements of a value.</summary>
internal static class SequenceFilters
{
    public static void AddTo(Action<string, string, Func<Rendering, Bound, object>> add)
    {
        add("list", "value", (run, a) => new PyList(PyTypes.ToArray(run, a[0]!)));
        add("first", "seq", (run, a) => PyTypes.Iterate(run, a[0]!).FirstOrDefault() ?? new Undefined("No first item, sequence was empty."));
        add("last", "seq", (run, a) => Last(run, a[0]!));
        // A rendering depends on its inputs alone.
        add("random", "seq", (run, a) => PyTypes.Iterate(run, a[0]!).FirstOrDefault() ?? new Undefined("No random item, sequence was empty."));
        add("reverse", "value", (run, a) => Reverse(run, a[0]!));
        add("join", "value d? attribute?", (run, a) => Strings.Join(run, a[1] is { } separator ? PyPrinter.Str(run, separator) : PyString.Empty, Attribute(run, a[0]!, a[2]), convert: true));
        add("items", "value", (_, a) => a[0] switch
        {
            Undefined => new PyIterator([]),
            PyDict dict => new PyIterator(new PyView(dict, ViewKind.Items).Elements()),
            _ => throw new EvaluationException("Can only get item pairs from a mapping."),
        });
        add("sum", "iterable attribute? start?", (run, a) => Attribute(run, a[0]!, a[1]).Aggregate(a.Or(2, BigInteger.Zero), (sum, item) => PyArithmetic.Calculate(run, "+", sum, item)));
        add("min", "value case_sensitive? attribute?", (run, a) => Extreme(run, a, largest: false));
        add("max", "value case_sensitive? attribute?", (run, a) => Extreme(run, a, largest: true));
        add("sort", "value reverse? case_sensitive? attribute?", (run, a) => new PyList([.. Sorting.Sort(run, PyTypes.Iterate(run, a[0]!), item => SortKeys(run, item, a[3], a.Flag(2)), a.Flag(1))]));
        add("dictsort", "value case_sensitive? by? reverse?", DictSort);
        add("unique", "value case_sensitive? attribute?", (run, a) => new PyIterator(Unique(run, a[0]!, a.Flag(1), a[2])));
        add("groupby", "value attribute default? case_sensitive?", GroupBy);
        add("batch", "value linecount fill_with?", (run, a) => new PyIterator(Batch(run, PyTypes.Iterate(run, a[0]!), PyTypes.Int(a[1]!), a[2] is PyNone ? null : a[2])));
        add("slice", "value slices fill_with?", (run, a) => new PyIterator(Slices(run, PyTypes.ToArray(run, a[0]!), PyTypes.Int(a[1]!), a[2] is PyNone ? null : a[2])));
    }

    /// <summary>An attribute of an element: 'a.b', 'items.0' or a number.</summary>
    public static object AttributeOf(Rendering run, object value, object attribute, object? fallback = null)
    {
        if (attribute is not PyString path) return Attributes.GetItem(run, value, attribute);
        foreach (string part in path.Text.Split('.'))
        {
            bool isIndex = part.Length > 0 && part.All(char.IsAsciiDigit);
            value = Attributes.GetItem(run, value, isIndex ? PyNumbers.ParseInteger(part)! : PyString.Written(part));
            if (value is Undefined && fallback is not null) value = fallback;
        }

        return value;
    }

    private static IEnumerable<object> Attribute(Rendering run, object value, object? attribute)
    {
        IEnumerable<object> items = PyTypes.Iterate(run, value);
        return attribute is null or PyNone ? items : items.Select(item => AttributeOf(run, item, attribute));
    }

    private static object Last(Rendering run, object value)
    {
        if (value is PyIterator iterator) throw new EvaluationException($"'{iterator.TypeName}' object is not reversible");
        return PyTypes.Iterate(run, value).LastOrDefault() ?? new Undefined("No last item, sequence was empty.");
    }

    private static object Reverse(Rendering run, object value)
    {
        if (value is PyString text) return Slicing.Slice(run, text, null, null, BigInteger.MinusOne);
        object[] items = PyTypes.ToArray(run, value);
        Array.Reverse(items);
        return value is PyIterator ? new PyList(items) : new PyIterator(items, PyTypes.NameOf(value) + "_reverseiterator");
    }

    private static object SortKey(Rendering run, object item, object? attribute, bool caseSensitive)
    {
        object key = attribute is null or PyNone ? item : AttributeOf(run, item, attribute);
        return !caseSensitive && key is PyString text ? Casing.Lower(run, text) : key;
    }

    /// <summary>One key for each of the attributes in 'a,b'. Keys in a tuple, as Jinja has them: those that are all missing are equal.</summary>
    private static PyTuple SortKeys(Rendering run, object item, object? attribute, bool caseSensitive) => attribute is PyString names
        ? new PyTuple([.. names.Text.Split(',').Select(name => SortKey(run, item, PyString.Written(name), caseSensitive))])
        : new PyTuple([SortKey(run, item, attribute, caseSensitive)]);

    private static object Extreme(Rendering run, Bound a, bool largest)
    {
        object? best = null, bestKey = null;
        foreach (object item in PyTypes.Iterate(run, a[0]!))
        {
            object key = SortKey(run, item, a[2], a.Flag(1));
            bool isBetter = bestKey is null || (largest ? PyOperators.IsLess(run, bestKey, key) : PyOperators.IsLess(run, key, bestKey));
            if (isBetter) (best, bestKey) = (item, key);
        }

        return best ?? new Undefined("No aggregated item, sequence was empty.");
    }

    private static PyList DictSort(Rendering run, Bound a)
    {
        if (a[0] is not PyDict dict) throw a[0] is Undefined undefined ? undefined.Error() : new EvaluationException($"'{PyTypes.NameOf(a[0]!)}' object has no attribute 'items'");
        string by = a.TextOrNone(2)?.Text ?? "key";
        if (by is not ("key" or "value")) throw new EvaluationException("You can only sort by either \"key\" or \"value\"");
        int position = by == "key" ? 0 : 1;
        IEnumerable<object> entries = new PyView(dict, ViewKind.Items).Elements();
        return new PyList([.. Sorting.Sort(run, entries, entry => SortKey(run, ((PyTuple)entry).Items[position], null, a.Flag(1)), a.Flag(3))]);
    }

    private static IEnumerable<object> Unique(Rendering run, object value, bool caseSensitive, object? attribute)
    {
        var seen = new HashSet<object>(run.Keys);
        foreach (object item in PyTypes.Iterate(run, value))
        {
            object key = SortKey(run, item, attribute, caseSensitive);
            PyTypes.RequireHashable(key);
            if (seen.Add(key)) yield return item;
        }
    }

    private static PyList GroupBy(Rendering run, Bound a)
    {
        bool caseSensitive = a.Flag(3);
        object Key(object item) => AttributeOf(run, item, a[1]!, a[2]);
        object Compared(object item) => Key(item) is PyString text && !caseSensitive ? Casing.Lower(run, text) : Key(item);
        List<object> groups = [];
        List<object> current = [];
        void Close()
        {
            if (current.Count > 0) groups.Add(new PyTuple([Key(current[0]), new PyList([.. current])], "grouper", "list"));
            current.Clear();
        }

        foreach (object item in Sorting.Sort(run, PyTypes.Iterate(run, a[0]!), Compared))
        {
            if (current.Count > 0 && !PyOperators.AreEqual(run, Compared(current[0]), Compared(item))) Close();
            current.Add(item);
        }

        Close();
        return new PyList([.. groups]);
    }

    private static IEnumerable<object> Batch(Rendering run, IEnumerable<object> items, int size, object? fill)
    {
        List<object> batch = [];
        foreach (object item in items)
        {
            if (batch.Count == size)
            {
                yield return new PyList([.. batch]);
                batch.Clear();
            }

            batch.Add(item);
        }

        if (batch.Count == 0) yield break;
        run.Step(fill is null ? 0 : Math.Max(0, size));
        while (fill is not null && batch.Count < size) batch.Add(fill);
        yield return new PyList([.. batch]);
    }

    private static IEnumerable<object> Slices(Rendering run, object[] items, int slices, object? fill)
    {
        if (slices <= 0) throw new EvaluationException("integer division or modulo by zero");
        (int each, int longer) = Math.DivRem(items.Length, slices);
        for (int i = 0; i < slices; i++)
        {
            run.Step();
            int start = i * each + Math.Min(i, longer), length = each + (i < longer ? 1 : 0);
            object[] slice = items[start..(start + length)];
            yield return new PyList(fill is not null && i >= longer ? [.. slice, fill] : slice);
        }
    }
}
