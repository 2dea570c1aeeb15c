using System.Numerics;
using System.Text.Json;

namespace Folio.Tokenization.Templates;

/// <summary>json.dumps, with the arguments that transformers' tojson has.</summary>
internal sealed class PyJson(Rendering run, bool ensureAscii, PyString? indent, PyString itemSeparator, PyString keySeparator, bool sortKeys)
{
    private readonly PyStringBuilder _text = new(run);

    public PyString Write(object value)
    {
        Append(value, 0);
        return _text.ToPyString();
    }

    private void Append(object value, int depth)
    {
        run.Enter();
        switch (value)
        {
            case PyString text:
                AppendString(text);
                break;
            case PyList list:
                AppendArray(list.Items, depth);
                break;
            case PyTuple tuple:
                AppendArray(tuple.Items, depth);
                break;
            case PyDict dict:
                AppendObject(dict, depth);
                break;
            default:
                _text.Append(Scalar(value) ?? throw new EvaluationException($"Object of type {PyTypes.NameOf(value)} is not JSON serializable"));
                break;
        }

        run.Leave();
    }

    private string? Scalar(object value) => value switch
    {
        PyNone => "null",
        bool truth => truth ? "true" : "false",
        double.NaN => "NaN",
        double number when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
        BigInteger or double => PyPrinter.Str(run, value).Text,
        _ => null,
    };

    private void AppendArray(object[] items, int depth)
    {
        if (items.Length == 0)
        {
            _text.Append("[]");
            return;
        }

        _text.Append("[");
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0) _text.Append(itemSeparator);
            BreakLine(depth + 1);
            Append(items[i], depth + 1);
        }

        BreakLine(depth);
        _text.Append("]");
    }

    private void AppendObject(PyDict dict, int depth)
    {
        if (dict.Items.Count == 0)
        {
            _text.Append("{}");
            return;
        }

        _text.Append("{");
        bool first = true;
        IEnumerable<KeyValuePair<object, object>> entries = sortKeys ? Sorting.Sort(run, dict.Items, item => item.Key) : dict.Items;
        foreach ((object key, object value) in entries)
        {
            if (!first) _text.Append(itemSeparator);
            BreakLine(depth + 1);
            AppendKey(key);
            _text.Append(keySeparator);
            Append(value, depth + 1);
            first = false;
        }

        BreakLine(depth);
        _text.Append("}");
    }

    private void AppendKey(object key)
    {
        if (key is PyString text) AppendString(text);
        else _text.Append("\"").Append(Scalar(key) ?? throw new EvaluationException($"keys must be str, int, float, bool or None, not {PyTypes.NameOf(key)}")).Append("\"");
    }

    private void BreakLine(int depth)
    {
        if (indent is not null) _text.Append("\n").AppendRepeated(indent, depth);
    }

    private void AppendString(PyString text)
    {
        _text.Append("\"");
        Escaped.Append(_text, text, codePoint => codePoint switch
        {
            '"' => "\\\"",
            '\\' => @"\\",
            '\n' => @"\n",
            '\r' => @"\r",
            '\t' => @"\t",
            '\f' => @"\f",
            '\b' => @"\b",
            < ' ' => $"\\u{codePoint:x4}",
            < 0x7F => null,
            _ when !ensureAscii => null,
            < 0x10000 => $"\\u{codePoint:x4}",
            _ => string.Concat(char.ConvertFromUtf32(codePoint).Select(unit => $"\\u{(int)unit:x4}")),
        });
        _text.Append("\"");
    }

    /// <summary>The values of a JSON document, every text in it an input.</summary>
    public static object Read(Rendering run, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return ReadText(() => element.GetString()!);
            case JsonValueKind.Number:
                return ReadNumber(element.GetRawText());
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Array:
                run.Enter();
                var list = new PyList([.. element.EnumerateArray().Select(item => Read(run, item))]);
                run.Leave();
                return list;
            case JsonValueKind.Object:
                run.Enter();
                var dict = new PyDict(run);
                foreach ((PyString name, object value) in ReadProperties(run, element)) dict.Items[name] = value;
                run.Leave();
                return dict;
            default:
                return PyNone.Value;
        }
    }

    public static IEnumerable<KeyValuePair<PyString, object>> ReadProperties(Rendering run, JsonElement element) =>
        element.EnumerateObject().Select(property => KeyValuePair.Create(ReadText(() => property.Name), Read(run, property.Value)));

    private static PyString ReadText(Func<string> read)
    {
        try
        {
            return PyString.FromInput(read());
        }
        catch (InvalidOperationException)
        {
            throw new EvaluationException("a text of the input holds half a surrogate pair, which is no character");
        }
    }

    private static object ReadNumber(string text)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E')) return PyNumbers.ParseDouble(text) ?? throw new EvaluationException($"a number of {text.Length} digits is too long");
        return PyNumbers.ParseInteger(text) ?? throw new EvaluationException($"an int of {text.Length} digits is too long");
    }
}
