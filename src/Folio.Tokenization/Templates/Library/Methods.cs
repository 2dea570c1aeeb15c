using System.Globalization;
using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>The methods of str, list, tuple and dict that change nothing.</summary>
internal static class Methods
{
    private static readonly Dictionary<string, NativeFunction> s_text = [];
    private static readonly Dictionary<string, NativeFunction> s_list = [];
    private static readonly Dictionary<string, NativeFunction> s_dict = [];
    private static readonly Dictionary<string, NativeFunction> s_number = [];

    static Methods()
    {
        AddCasing();
        AddSplitting();
        AddSearching();
        AddPredicates();
        AddCollections();
    }

    /// <returns>Null where the type has no such method.</returns>
    public static NativeFunction? Find(object value, string name) => (value switch
    {
        PyString => s_text,
        PyList or PyTuple or PyRange => s_list,
        PyDict => s_dict,
        double => s_number,
        _ => null,
    })?.GetValueOrDefault(name) is { } method && !(name == "copy" && value is PyTuple) ? method : null;

    /// <summary>str.islower and str.isupper: there are letters with case, and all of them have this one.</summary>
    public static bool IsAllCased(PyString text, bool upper)
    {
        bool any = false;
        for (int i = 0; i < text.Text.Length;)
        {
            int codePoint = PyText.CodePointAt(text.Text, i, out int length);
            i += length;
            if (!PyText.IsCased(codePoint)) continue;
            if (CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.UppercaseLetter != upper) return false;
            any = true;
        }

        return any;
    }

    private static void Add(Dictionary<string, NativeFunction> methods, string name, string parameters, Func<Rendering, Bound, object> body) =>
        methods.Add(name, new NativeFunction(name, "self " + parameters, (run, a, _) => body(run, a)));

    private static void AddText(string name, string parameters, Func<Rendering, PyString, Bound, object> body) =>
        Add(s_text, name, parameters, (run, a) => body(run, a.Text(0), a));

    private static void AddCasing()
    {
        AddText("upper", "", (run, self, _) => Casing.Upper(run, self));
        AddText("lower", "", (run, self, _) => Casing.Lower(run, self));
        AddText("casefold", "", (run, self, _) => Casing.Lower(run, self));
        AddText("capitalize", "", (run, self, _) => Casing.Capitalize(run, self));
        AddText("title", "", (run, self, _) => Casing.Title(run, self));
        AddText("swapcase", "", (run, self, _) => Casing.Swap(run, self));
        AddText("center", "width fillchar?", (run, self, a) => Strings.Pad(run, self, PyTypes.Int(a[1]!), a.TextOrNone(2), before: true, after: true));
        AddText("ljust", "width fillchar?", (run, self, a) => Strings.Pad(run, self, PyTypes.Int(a[1]!), a.TextOrNone(2), before: false, after: true));
        AddText("rjust", "width fillchar?", (run, self, a) => Strings.Pad(run, self, PyTypes.Int(a[1]!), a.TextOrNone(2), before: true, after: false));
        AddText("zfill", "width", (run, self, a) => ZeroFill(run, self, PyTypes.Int(a[1]!)));
        AddText("expandtabs", "tabsize?", (run, self, a) => ExpandTabs(run, self, a.Int(1, 8)));
        s_text.Add("format", new NativeFunction("format", null, (run, _, arguments) =>
            new BraceFormat(run, new Arguments([.. arguments.Positional.Skip(1)], arguments.Named)).Format(PyTypes.Str(arguments.Positional[0]))));
    }

    private static void AddSplitting()
    {
        AddText("strip", "chars?", (run, self, a) => Strings.Strip(run, self, a.TextOrNone(1)));
        AddText("lstrip", "chars?", (run, self, a) => Strings.Strip(run, self, a.TextOrNone(1), right: false));
        AddText("rstrip", "chars?", (run, self, a) => Strings.Strip(run, self, a.TextOrNone(1), left: false));
        AddText("split", "sep? maxsplit?", (run, self, a) => Strings.Split(run, self, a.TextOrNone(1), a.Int(2, -1)));
        AddText("rsplit", "sep? maxsplit?", (run, self, a) => Strings.SplitFromRight(run, self, a.TextOrNone(1), a.Int(2, -1)));
        AddText("splitlines", "keepends?", (run, self, a) => Strings.SplitLines(run, self, a.Flag(1)));
        AddText("partition", "sep", (run, self, a) => Strings.Partition(run, self, a.Text(1), last: false));
        AddText("rpartition", "sep", (run, self, a) => Strings.Partition(run, self, a.Text(1), last: true));
        AddText("replace", "old new count?", (run, self, a) => Strings.Replace(run, self, a.Text(1), a.Text(2), a.Int(3, -1)));
        AddText("join", "iterable", (run, self, a) => Strings.Join(run, self, PyTypes.Iterate(run, a[1]!), convert: false));
        AddText("removeprefix", "prefix", (run, self, a) => Has(self, a.Text(1), atEnd: false) ? Strings.Part(run, self, a.Text(1).Text.Length, self.Text.Length) : self);
        AddText("removesuffix", "suffix", (run, self, a) => Has(self, a.Text(1), atEnd: true) ? Strings.Part(run, self, 0, self.Text.Length - a.Text(1).Text.Length) : self);
    }

    private static void AddSearching()
    {
        AddText("startswith", "prefix start? end?", (run, self, a) => HasAny(run, Within(run, self, a), a[1]!, atEnd: false));
        AddText("endswith", "suffix start? end?", (run, self, a) => HasAny(run, Within(run, self, a), a[1]!, atEnd: true));
        AddText("find", "sub start? end?", (run, self, a) => Position(run, self, a, last: false));
        AddText("rfind", "sub start? end?", (run, self, a) => Position(run, self, a, last: true));
        AddText("index", "sub start? end?", (run, self, a) => Required(Position(run, self, a, last: false)));
        AddText("rindex", "sub start? end?", (run, self, a) => Required(Position(run, self, a, last: true)));
        AddText("count", "sub start? end?", (run, self, a) => Count(run, Within(run, self, a), a.Text(1)));
    }

    private static void AddPredicates()
    {
        void AddAll(string name, Func<int, bool> holds, bool forEmpty = false) => AddText(name, "", (run, self, _) => All(run, self, holds, forEmpty));

        AddAll("isspace", codePoint => codePoint < 0x10000 && PyText.IsSpace((char)codePoint));
        AddAll("isalpha", codePoint => Category(codePoint) is >= UnicodeCategory.UppercaseLetter and <= UnicodeCategory.OtherLetter);
        AddAll("isdecimal", codePoint => Category(codePoint) == UnicodeCategory.DecimalDigitNumber);
        AddAll("isdigit", codePoint => CharUnicodeInfo.GetDigitValue(PyText.FromCodePoint(codePoint), 0) >= 0);
        AddAll("isnumeric", codePoint => CharUnicodeInfo.GetNumericValue(PyText.FromCodePoint(codePoint), 0) >= 0);
        AddAll("isalnum", codePoint => Category(codePoint) is >= UnicodeCategory.UppercaseLetter and <= UnicodeCategory.OtherLetter || CharUnicodeInfo.GetNumericValue(PyText.FromCodePoint(codePoint), 0) >= 0);
        AddAll("isascii", codePoint => codePoint < 0x80, forEmpty: true);
        AddAll("isprintable", PyText.IsPrintable, forEmpty: true);
        AddText("islower", "", (run, self, _) => IsAllCased(self, upper: false));
        AddText("isupper", "", (run, self, _) => IsAllCased(self, upper: true));
        AddText("istitle", "", (run, self, _) => self.Text.Any(char.IsLetter) && string.Equals(Casing.Title(run, self).Text, self.Text, StringComparison.Ordinal));
        AddText("isidentifier", "", (run, self, _) => self.Text.Length > 0 && !char.IsDigit(self.Text[0]) && self.Text.All(c => c == '_' || char.IsLetterOrDigit(c)));
        Add(s_number, "is_integer", "", (_, a) => Math.Floor((double)a[0]!) == (double)a[0]!);
    }

    private static void AddCollections()
    {
        Add(s_list, "count", "value", (run, a) => new BigInteger(PyTypes.Iterate(run, a[0]!).Count(item => PyOperators.AreEqual(run, item, a[1]!))));
        Add(s_list, "index", "value", (run, a) => IndexOf(run, a[0]!, a[1]!));
        Add(s_list, "copy", "", (_, a) => a[0]!);
        Add(s_dict, "copy", "", (_, a) => a[0]!);
        Add(s_dict, "keys", "", (_, a) => new PyView((PyDict)a[0]!, ViewKind.Keys));
        Add(s_dict, "values", "", (_, a) => new PyView((PyDict)a[0]!, ViewKind.Values));
        Add(s_dict, "items", "", (_, a) => new PyView((PyDict)a[0]!, ViewKind.Items));
        Add(s_dict, "get", "key default?", (_, a) =>
        {
            PyTypes.RequireHashable(a[1]!);
            return ((PyDict)a[0]!).Items.TryGetValue(a[1]!, out object? value) ? value : a.Or(2, PyNone.Value);
        });
    }

    private static BigInteger IndexOf(Rendering run, object list, object value)
    {
        int index = 0;
        foreach (object item in PyTypes.Iterate(run, list))
        {
            if (PyOperators.AreEqual(run, item, value)) return index;
            index++;
        }

        throw new EvaluationException($"{PyPrinter.Repr(run, value).Text} is not in {PyTypes.NameOf(list)}");
    }

    /// <summary>The part that the arguments start and end of a search name; null where start lies behind the end.</summary>
    private static PyString? Within(Rendering run, PyString self, Bound a)
    {
        if (a[2] is null or PyNone && a[3] is null or PyNone) return self;
        return a[2] is { } start && PyTypes.IsInteger(start, out BigInteger from) && from > self.Length ? null : (PyString)Slicing.Slice(run, self, a[2], a[3], null);
    }

    private static bool HasAny(Rendering run, PyString? text, object parts, bool atEnd)
    {
        if (parts is Undefined undefined) throw undefined.Error();
        if (parts is not (PyString or PyTuple)) throw new EvaluationException($"{(atEnd ? "endswith" : "startswith")} first arg must be str or a tuple of str, not {PyTypes.NameOf(parts)}");
        run.Step();
        if (text is null) return false;
        return parts is PyString part ? Has(text, part, atEnd) : ((PyTuple)parts).Items.Any(item => HasAny(run, text, PyTypes.Str(item), atEnd));
    }

    private static bool Has(PyString text, PyString part, bool atEnd) =>
        atEnd ? text.Text.EndsWith(part.Text, StringComparison.Ordinal) : text.Text.StartsWith(part.Text, StringComparison.Ordinal);

    private static BigInteger Position(Rendering run, PyString self, Bound a, bool last)
    {
        PyString part = a.Text(1);
        if (Within(run, self, a) is not { } text) return -1;
        run.Search(text.Text.Length, part.Text.Length);
        int at = last ? Strings.LastIndexOf(text.Text, part.Text, text.Text.Length) : text.Text.IndexOf(part.Text, StringComparison.Ordinal);
        if (at < 0) return -1;
        int start = a[2] is null or PyNone ? 0 : PyTypes.Int(a[2]!);
        return text.IndexOf(run, at) + (start < 0 ? Math.Max(0, start + self.Length) : start);
    }

    private static BigInteger Required(BigInteger position) => position.Sign >= 0 ? position : throw new EvaluationException("substring not found");

    private static BigInteger Count(Rendering run, PyString? text, PyString part)
    {
        if (text is null) return 0;
        if (part.Text.Length == 0) return text.Length + 1;
        run.Search(text.Text.Length, part.Text.Length);
        return text.Text.AsSpan().Count(part.Text);
    }

    private static PyString ZeroFill(Rendering run, PyString self, int width)
    {
        int sign = self.Text.Length > 0 && self.Text[0] is '+' or '-' ? 1 : 0;
        return new PyStringBuilder(run).Append(self, 0, sign).AppendRepeated(PyString.Written("0"), width - self.Length).Append(self, sign, self.Text.Length - sign).ToPyString();
    }

    private static PyString ExpandTabs(Rendering run, PyString self, int size)
    {
        int column = 0;
        return Escaped.Map(run, self, codePoint =>
        {
            if (codePoint != '\t')
            {
                column = codePoint is '\n' or '\r' ? 0 : column + 1;
                return null;
            }

            int width = size > 0 ? size - column % size : 0;
            run.Characters(width);
            column += width;
            return new string(' ', width);
        });
    }

    private static bool All(Rendering run, PyString text, Func<int, bool> holds, bool forEmpty)
    {
        run.Scan(text.Text.Length * 4);
        for (int i = 0; i < text.Text.Length;)
        {
            if (!holds(PyText.CodePointAt(text.Text, i, out int length))) return false;
            i += length;
        }

        return forEmpty || text.Text.Length > 0;
    }

    private static UnicodeCategory Category(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint);
}
