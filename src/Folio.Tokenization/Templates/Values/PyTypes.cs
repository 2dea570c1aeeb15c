using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>What Python says of a value's type: its name, truth, length, elements.</summary>
internal static class PyTypes
{
    public static string NameOf(object value) => value switch
    {
        PyString { IsMarkup: true } => "Markup",
        PyString => "str",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        PyNone => "NoneType",
        PyList => "list",
        PyTuple => "tuple",
        PyDict => "dict",
        PyRange => "range",
        PyView view => view.Kind switch { ViewKind.Keys => "dict_keys", ViewKind.Values => "dict_values", _ => "dict_items" },
        PyIterator iterator => iterator.TypeName,
        PyNamespace => "Namespace",
        Undefined => "Undefined",
        PyCallable callable => callable.TypeName,
        _ => "object",
    };

    public static bool IsTrue(object value) => value switch
    {
        bool truth => truth,
        PyString text => text.Text.Length > 0,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        PyNone or Undefined => false,
        PyList list => list.Items.Length > 0,
        PyTuple tuple => tuple.Items.Length > 0,
        PyDict dict => dict.Items.Count > 0,
        PyRange range => range.Length > 0,
        PyView view => view.Dict.Items.Count > 0,
        _ => true,
    };

    /// <returns>-1 where the type has no length.</returns>
    public static int LengthOf(object value) => value switch
    {
        PyString text => text.Length,
        PyList list => list.Items.Length,
        PyTuple tuple => tuple.Items.Length,
        PyDict dict => dict.Items.Count,
        PyRange range => range.Length,
        PyView view => view.Dict.Items.Count,
        LoopValue loop => loop.Length,
        Undefined => 0,
        _ => -1,
    };

    /// <returns>Null where the type cannot be iterated over.</returns>
    public static IEnumerable<object>? ElementsOf(object value) => value switch
    {
        PyList list => list.Items,
        PyTuple tuple => tuple.Items,
        PyDict dict => dict.Items.Keys,
        PyString text => CharactersOf(text),
        PyRange range => range.Elements(),
        PyView view => view.Elements(),
        PyIterator iterator => iterator.Rest(),
        Undefined => [],
        _ => null,
    };

    /// <summary>The elements, each paid for as it comes.</summary>
    public static IEnumerable<object> Iterate(Rendering run, object value)
    {
        IEnumerable<object> elements = ElementsOf(value) ?? throw new EvaluationException($"'{NameOf(value)}' object is not iterable");
        return Paid(run, elements);
    }

    public static object[] ToArray(Rendering run, object value) => [.. Iterate(run, value)];

    /// <summary>Refuses what cannot be a dict's key; what lies within a tuple is refused when its hash is taken.</summary>
    public static void RequireHashable(object value)
    {
        if (value is PyList or PyDict or PyView { Kind: not ViewKind.Values }) throw new EvaluationException($"unhashable type: '{NameOf(value)}'");
    }

    /// <summary>A value that Python takes for an int: an int or a bool.</summary>
    public static bool IsInteger(object value, out BigInteger number)
    {
        number = value switch { BigInteger integer => integer, bool truth => truth ? 1 : 0, _ => 0 };
        return value is BigInteger or bool;
    }

    /// <summary>An int that is needed as a C# int; what is out of range is clamped.</summary>
    public static int Int(object value) =>
        IsInteger(value, out BigInteger number) ? (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue)
        : value is Undefined undefined ? throw undefined.Error()
        : throw new EvaluationException($"'{NameOf(value)}' object cannot be interpreted as an integer");

    public static PyString Str(object value) => value switch
    {
        PyString text => text,
        Undefined undefined => throw undefined.Error(),
        _ => throw new EvaluationException($"expected a text, got '{NameOf(value)}'"),
    };

    private static IEnumerable<object> Paid(Rendering run, IEnumerable<object> elements)
    {
        // Paid before the step to the next element: with generators of generators that is the way down.
        using IEnumerator<object> next = elements.GetEnumerator();
        while (true)
        {
            run.Step();
            if (!next.MoveNext()) yield break;
            yield return next.Current;
        }
    }

    private static IEnumerable<object> CharactersOf(PyString text)
    {
        for (int offset = 0; offset < text.Text.Length;)
        {
            PyString character = text.CharacterAt(offset);
            offset += character.Text.Length;
            yield return character;
        }
    }
}
