using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>x[start:stop:step].</summary>
internal static class Slicing
{
    public static object Slice(Rendering run, object value, object? start, object? stop, object? step)
    {
        if (value is Undefined undefined) throw undefined.Error();
        if (value is not (PyString or PyList or PyTuple or PyRange)) throw new EvaluationException(value is PyDict ? "unhashable type: 'slice'" : $"'{PyTypes.NameOf(value)}' object is not subscriptable");
        int length = PyTypes.LengthOf(value);
        int by = step is null or PyNone ? 1 : PyTypes.Int(step);
        if (by == 0) throw new EvaluationException("slice step cannot be zero");
        int from = Bound(start, length, by, by > 0 ? 0 : length - 1);
        int to = Bound(stop, length, by, by > 0 ? length : -1);
        int count = (int)Math.Max(0, by > 0 ? ((long)to - from + by - 1) / by : ((long)from - to - by - 1) / -(long)by);
        run.Step(value is PyString ? 0 : count);
        return value switch
        {
            PyString text => Slice(run, text, from, by, count),
            PyList list => new PyList(Pick(list.Items, from, by, count)),
            PyTuple tuple => new PyTuple(Pick(tuple.Items, from, by, count)),
            PyRange range => new PyRange(range.Start + from * range.Step, range.Start + (from + (BigInteger)by * count) * range.Step, range.Step * by),
            _ => value,
        };
    }

    /// <summary>A position within the sequence; negative ones count from its end.</summary>
    private static int Bound(object? value, int length, int step, int fallback)
    {
        if (value is null or PyNone) return fallback;
        int at = PyTypes.IsInteger(value, out _) ? PyTypes.Int(value) : value is Undefined undefined ? throw undefined.Error() : throw new EvaluationException("slice indices must be integers or None or have an __index__ method");
        if (at < 0) at += length;
        return step > 0 ? Math.Clamp(at, 0, length) : Math.Clamp(at, -1, length - 1);
    }

    private static object[] Pick(object[] items, int from, int by, int count)
    {
        if (by == 1) return items.AsSpan(count == 0 ? 0 : from, count).ToArray();
        object[] picked = new object[count];
        for (int i = 0; i < count; i++) picked[i] = items[from + i * by];
        return picked;
    }

    private static PyString Slice(Rendering run, PyString text, int from, int by, int count)
    {
        if (count == 0) return PyString.Empty;
        if (by == 1)
        {
            int start = text.OffsetOf(run, from), end = text.OffsetOf(run, from + count);
            run.Characters(end - start);
            return text.Part(start, end - start);
        }

        run.Scan(text.Text.Length);
        run.Step(count);
        int[]? offsets = text.HasSurrogates ? Offsets(text) : null;
        var builder = new PyStringBuilder(run);
        for (int i = 0; i < count; i++)
        {
            int index = from + i * by;
            int start = offsets?[index] ?? index, end = offsets?[index + 1] ?? index + 1;
            builder.Append(text, start, end - start);
        }

        return builder.ToPyString();
    }

    /// <summary>UTF-16 positions of all code points, and the end.</summary>
    private static int[] Offsets(PyString text)
    {
        int[] offsets = new int[text.Length + 1];
        for (int i = 0; i < text.Length; i++)
        {
            PyText.CodePointAt(text.Text, offsets[i], out int length);
            offsets[i + 1] = offsets[i] + length;
        }

        return offsets;
    }
}
