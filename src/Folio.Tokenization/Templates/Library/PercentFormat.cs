using System.Globalization;

namespace Folio.Tokenization.Templates;

/// <summary>'%s of %d' % values.</summary>
internal static class PercentFormat
{
    public static PyString Format(Rendering run, PyString format, object values)
    {
        var builder = new PyStringBuilder(run);
        object[] items = values is PyTuple tuple ? tuple.Items : [values];
        string text = format.Text;
        int used = 0, kept = 0;
        bool named = false;
        for (int i = text.IndexOf('%'); i >= 0; i = i < text.Length ? text.IndexOf('%', i) : -1)
        {
            run.Step();
            builder.Append(format, kept, i - kept);
            int at = i + 1;
            string? name = at < text.Length && text[at] == '(' ? Name(text, ref at) : null;
            string flags = Take(text, ref at, "-+ #0");
            int width = Size(text, ref at, items, ref used) ?? 0;
            if (width < 0) (flags, width) = (flags + "-", width == int.MinValue ? int.MaxValue : -width);
            int? precision = null;
            if (at < text.Length && text[at] == '.')
            {
                at++;
                precision = Math.Max(0, Size(text, ref at, items, ref used) ?? 0);
            }

            Take(text, ref at, "hlL");
            if (at >= text.Length) throw new EvaluationException("incomplete format");
            char type = text[at];
            kept = i = at + 1;
            if (type == '%')
            {
                builder.Append("%");
                continue;
            }

            named |= name is not null;
            object value = name is null ? Next(items, ref used) : Named(values, name);
            Append(run, builder, type, value, flags, width, precision);
        }

        builder.Append(format, kept, text.Length - kept);
        if (!named && used < items.Length && values is not (PyDict or PyList or PyRange)) throw new EvaluationException("not all arguments converted during string formatting");
        return builder.ToPyString();
    }

    private static void Append(Rendering run, PyStringBuilder builder, char type, object value, string flags, int width, int? precision)
    {
        bool left = flags.Contains('-');
        char sign = flags.Contains('+') ? '+' : flags.Contains(' ') ? ' ' : '-';
        bool zeros = flags.Contains('0') && !left;
        var spec = new FormatSpec(" ", left ? '<' : '>', '-', false, width, '\0', precision, 's');
        FormatSpec number = spec with { Sign = sign, Alternate = flags.Contains('#'), Fill = zeros ? "0" : " ", Align = left ? '<' : zeros ? '=' : '>' };
        switch (type)
        {
            case 's':
                spec.Append(run, builder, PyPrinter.Str(run, value));
                break;
            case 'r' or 'a':
                spec.Append(run, builder, PyPrinter.Repr(run, value));
                break;
            case 'c':
                (spec with { Precision = null }).Append(run, builder, value is PyString { Length: 1 } ? value : FormatSpec.Character(PyTypes.Int(value)));
                break;
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                bool isHex = type is 'x' or 'X' or 'o';
                if (!PyTypes.IsInteger(value, out _) && (isHex || value is not double)) throw new EvaluationException($"%{type} format: {(isHex ? "an integer" : "a real number")} is required, not {PyTypes.NameOf(value)}");
                (number with { Type = type is 'i' or 'u' ? 'd' : type, Precision = null }).Append(run, builder, value is double real ? Filters.Truncated(real) : value);
                break;
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                (number with { Type = type }).Append(run, builder, PyNumbers.ToDouble(value));
                break;
            default:
                throw new EvaluationException($"unsupported format character '{type}'");
        }
    }

    private static object Next(object[] items, ref int used) => used < items.Length ? items[used++] : throw new EvaluationException("not enough arguments for format string");

    private static object Named(object values, string name)
    {
        if (values is not PyDict dict) throw new EvaluationException("format requires a mapping");
        return dict.Items.TryGetValue(PyString.Written(name), out object? value) ? value : throw new EvaluationException($"'{name}'");
    }

    private static string Name(string text, ref int at)
    {
        int end = text.IndexOf(')', at);
        if (end < 0) throw new EvaluationException("incomplete format key");
        string name = text[(at + 1)..end];
        at = end + 1;
        return name;
    }

    private static string Take(string text, ref int at, string letters)
    {
        int start = at;
        while (at < text.Length && letters.Contains(text[at])) at++;
        return text[start..at];
    }

    private static int? Size(string text, ref int at, object[] items, ref int used)
    {
        if (at < text.Length && text[at] == '*')
        {
            at++;
            return PyTypes.Int(Next(items, ref used));
        }

        string digits = Take(text, ref at, "0123456789");
        return digits.Length == 0 ? null : int.TryParse(digits, CultureInfo.InvariantCulture, out int size) ? size : throw new EvaluationException("width too big");
    }
}
