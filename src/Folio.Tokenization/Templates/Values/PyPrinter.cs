using System.Globalization;
using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>str() and repr() of values, as Python prints them.</summary>
internal static class PyPrinter
{
    public static PyString Str(Rendering run, object value)
    {
        if (value is PyString text) return text.AsMarkup(false);
        if (value is Undefined) return PyString.Empty;
        var builder = new PyStringBuilder(run);
        AppendRepr(run, builder, value);
        return builder.ToPyString();
    }

    /// <summary>Adds str(value).</summary>
    public static void AppendStr(Rendering run, PyStringBuilder builder, object value)
    {
        if (value is PyString text) builder.Append(text);
        else if (value is not Undefined) AppendRepr(run, builder, value);
    }

    public static PyString Repr(Rendering run, object value)
    {
        var builder = new PyStringBuilder(run);
        AppendRepr(run, builder, value);
        return builder.ToPyString();
    }

    public static void AppendRepr(Rendering run, PyStringBuilder builder, object value)
    {
        run.Enter();
        switch (value)
        {
            case PyString text:
                AppendQuoted(run, builder, text);
                break;
            case PyList list:
                AppendItems(run, builder, "[", list.Items, "]");
                break;
            case PyTuple tuple:
                AppendItems(run, builder, "(", tuple.Items, tuple.Items.Length == 1 ? ",)" : ")");
                break;
            case PyDict dict:
                AppendDict(run, builder, dict.Items.Select(item => ((object?)item.Key, item.Value)));
                break;
            case PyView view:
                AppendItems(run, builder.Append(PyTypes.NameOf(view)), "([", view.Elements(), "])");
                break;
            case PyNamespace space: // its names may come from a dict of the input
                AppendDict(run, builder.Append("<Namespace "), space.Attributes.Select(item => ((object?)PyString.FromInput(item.Key), item.Value)));
                builder.Append(">");
                break;
            default:
                builder.Append(Scalar(run, value));
                break;
        }

        run.Leave();
    }

    /// <summary>repr of a float: the shortest digits that read back as the same number.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        string shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        string sign = double.IsNegative(value) ? "-" : "";
        string[] parts = shortest.Split('E');
        int point = parts[0].IndexOf('.') is >= 0 and var at ? at : parts[0].Length;
        string all = parts[0].Replace(".", "", StringComparison.Ordinal);
        string digits = all.TrimStart('0');
        int exponent = digits.Length == 0 ? 0 : point - 1 - (all.Length - digits.Length) + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
        digits = digits.TrimEnd('0') is { Length: > 0 } some ? some : "0";
        if (exponent is < -4 or >= 16) return $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        string whole = digits.PadRight(exponent + 1, '0');
        return $"{sign}{whole[..(exponent + 1)]}.{(whole.Length > exponent + 1 ? whole[(exponent + 1)..] : "0")}";
    }

    private static string Scalar(Rendering run, object value)
    {
        switch (value)
        {
            case bool truth:
                return truth ? "True" : "False";
            case BigInteger number:
                run.Step(number.GetBitLength() / 16);
                return number.ToString(CultureInfo.InvariantCulture);
            case double number:
                return Float(number);
            case PyNone:
                return "None";
            case Undefined:
                return "Undefined";
            case PyRange range:
                return range.Step.IsOne ? $"range({range.Start}, {range.Stop})" : $"range({range.Start}, {range.Stop}, {range.Step})";
            default:
                return $"<{PyTypes.NameOf(value)} object>"; // Python prints an address here
        }
    }

    private static void AppendItems(Rendering run, PyStringBuilder builder, string open, IEnumerable<object> items, string close)
    {
        builder.Append(open);
        string separator = "";
        foreach (object item in items)
        {
            builder.Append(separator);
            AppendRepr(run, builder, item);
            separator = ", ";
        }

        builder.Append(close);
    }

    private static void AppendDict(Rendering run, PyStringBuilder builder, IEnumerable<(object? Key, object Value)> items)
    {
        string separator = "{";
        foreach ((object? key, object value) in items)
        {
            builder.Append(separator);
            AppendRepr(run, builder, key!);
            builder.Append(": ");
            AppendRepr(run, builder, value);
            separator = ", ";
        }

        builder.Append(separator == "{" ? "{}" : "}");
    }

    private static void AppendQuoted(Rendering run, PyStringBuilder builder, PyString text)
    {
        string quote = text.Text.Contains('\'') && !text.Text.Contains('"') ? "\"" : "'";
        builder.Append(text.IsMarkup ? "Markup(" : "").Append(quote);
        Escaped.Append(builder, text, codePoint => codePoint switch
        {
            '\\' => @"\\",
            '\n' => @"\n",
            '\r' => @"\r",
            '\t' => @"\t",
            _ when codePoint == quote[0] => "\\" + quote,
            >= ' ' and < 0x7F => null,
            _ when PyText.IsPrintable(codePoint) => null,
            < 0x100 => $"\\x{codePoint:x2}",
            < 0x10000 => $"\\u{codePoint:x4}",
            _ => $"\\U{codePoint:x8}",
        });
        builder.Append(quote).Append(text.IsMarkup ? ")" : "");
    }
}
