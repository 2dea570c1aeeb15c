using System.Globalization;
using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>'{} of {name}'.format(…), with the sandbox's access to attributes.</summary>
internal sealed class BraceFormat(Rendering run, Arguments arguments)
{
    private int _automatic;

    public PyString Format(PyString format)
    {
        var builder = new PyStringBuilder(run);
        Append(builder, format, depth: 0);
        return builder.ToPyString();
    }

    private void Append(PyStringBuilder builder, PyString format, int depth)
    {
        if (depth > 1) throw new EvaluationException("Max string recursion exceeded");
        string text = format.Text;
        for (int i = 0; i < text.Length;)
        {
            run.Step();
            int brace = text.AsSpan(i).IndexOfAny('{', '}') is >= 0 and var found ? i + found : text.Length;
            builder.Append(format, i, brace - i);
            if (brace == text.Length) return;
            if (brace + 1 < text.Length && text[brace + 1] == text[brace])
            {
                builder.Append(format, brace, 1);
                i = brace + 2;
                continue;
            }

            if (text[brace] == '}') throw new EvaluationException("Single '}' encountered in format string");
            int end = FieldEnd(text, brace + 1);
            AppendField(builder, format.Part(brace + 1, end - brace - 1), depth);
            i = end + 1;
        }
    }

    private static int FieldEnd(string text, int start)
    {
        int open = 1;
        for (int i = start; i < text.Length; i++)
        {
            if (text[i] == '{') open++;
            else if (text[i] == '}' && --open == 0) return i;
        }

        throw new EvaluationException("expected '}' before end of string");
    }

    private void AppendField(PyStringBuilder builder, PyString field, int depth)
    {
        string text = field.Text;
        int colon = text.IndexOf(':');
        int nameEnd = colon < 0 ? text.Length : colon;
        int mark = text.AsSpan(0, nameEnd).IndexOf('!');
        char conversion = mark >= 0 && mark + 1 < nameEnd ? text[mark + 1] : '\0';
        object value = Resolve(text[..(mark >= 0 ? mark : nameEnd)]);
        if (conversion == 's') value = PyPrinter.Str(run, value);
        else if (conversion is 'r' or 'a') value = PyPrinter.Repr(run, value);
        else if (mark >= 0) throw new EvaluationException($"Unknown conversion specifier '{conversion}'");

        var spec = new PyStringBuilder(run);
        if (colon >= 0) Append(spec, field.Part(colon + 1, text.Length - colon - 1), depth + 1);
        if (spec.Length == 0) PyPrinter.AppendStr(run, builder, value);
        else AppendFormatted(builder, spec.ToPyString(), value);
    }

    private void AppendFormatted(PyStringBuilder builder, PyString spec, object value)
    {
        var formatted = new PyStringBuilder(run);
        FormatSpec.Parse(spec.Text).Append(run, formatted, value);
        PyString text = formatted.ToPyString();
        builder.Append(spec.HasInput ? PyString.FromInput(text.Text) : text);
    }

    /// <summary>name.attribute[key]…</summary>
    private object Resolve(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[') is >= 0 and var at ? at : path.Length;
        object value = Argument(path[..end]);
        while (end < path.Length)
        {
            run.Step();
            if (path[end] == '.')
            {
                int next = path.AsSpan(end + 1).IndexOfAny('.', '[') is >= 0 and var stop ? end + 1 + stop : path.Length;
                value = Attributes.Get(run, value, path[(end + 1)..next]);
                end = next;
            }
            else
            {
                int close = path.IndexOf(']', end);
                if (path[end] != '[' || close < 0) throw new EvaluationException("Missing ']' in format string");
                string key = path[(end + 1)..close];
                value = Attributes.GetItem(run, value, int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? new BigInteger(index) : PyString.Written(key));
                end = close + 1;
            }
        }

        return value;
    }

    private object Argument(string name)
    {
        if (name.Length == 0) return Positional(_automatic++);
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index)) return Positional(index);
        foreach ((PyString key, object value) in arguments.Named)
        {
            if (key.Text == name) return value;
        }

        throw new EvaluationException($"'{name}'");
    }

    private object Positional(int index) => index < arguments.Positional.Count
        ? arguments.Positional[index]
        : throw new EvaluationException($"Replacement index {index} out of range for positional args tuple");
}
