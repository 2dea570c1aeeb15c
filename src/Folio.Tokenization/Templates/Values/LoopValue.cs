using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>The variable loop. Elements are fetched as late as can be: a loop's own filter may depend on what its body sets.</summary>
/// <param name="source">What is iterated over, if its length is that of the loop; null with a filter.</param>
/// <param name="recurse">Runs the loop's body over other elements; null where the loop is not recursive.</param>
internal sealed class LoopValue(object? source, IEnumerable<object> elements, int depth, Func<object, PyString>? recurse) : PyCallable, IDisposable
{
    private static readonly NativeFunction s_cycle = new("cycle", null, (_, _, arguments) => ((LoopValue)arguments.Positional[0]).Cycle(arguments.Positional.Skip(1).ToArray()));
    private static readonly NativeFunction s_changed = new("changed", null, (run, _, arguments) => ((LoopValue)arguments.Positional[0]).Changed(run, arguments.Positional.Skip(1).ToArray()));

    private readonly IEnumerator<object> _elements = elements.GetEnumerator();
    private readonly Queue<object> _ahead = [];
    private int _index = -1;
    private object? _previous;
    private object? _current;
    private object[]? _lastChanged;

    public override string TypeName => "LoopContext";

    public object Current => _current!;

    public bool IsEmpty => _index < 0;

    /// <summary>Number of elements; reads those still to come where the source does not tell.</summary>
    public int Length
    {
        get
        {
            if (source is not null && PyTypes.LengthOf(source) is >= 0 and var known) return known;
            while (_elements.MoveNext()) _ahead.Enqueue(_elements.Current);
            return _index + 1 + _ahead.Count;
        }
    }

    public bool MoveNext()
    {
        if (!HasNext()) return false;
        (_previous, _current) = (_current, _ahead.Dequeue());
        _index++;
        return true;
    }

    public override object Call(Rendering run, Arguments arguments)
    {
        if (recurse is null) throw new EvaluationException("The loop must have the 'recursive' marker to be called recursively.");
        if (arguments.Positional.Count != 1) throw new EvaluationException("loop() takes one argument");
        return recurse(arguments.Positional[0]);
    }

    public override object? Attribute(Rendering run, string name) => name switch
    {
        "index" => new BigInteger(_index + 1),
        "index0" => new BigInteger(_index),
        "revindex" => new BigInteger(Length - _index),
        "revindex0" => new BigInteger(Length - _index - 1),
        "first" => _index == 0,
        "last" => !HasNext(),
        "length" => new BigInteger(Length),
        "depth" => new BigInteger(depth + 1),
        "depth0" => new BigInteger(depth),
        "previtem" => _index > 0 ? _previous : new Undefined("there is no previous item"),
        "nextitem" => HasNext() ? _ahead.Peek() : new Undefined("there is no next item"),
        "cycle" => new BoundMethod(this, s_cycle),
        "changed" => new BoundMethod(this, s_changed),
        _ => null,
    };

    public void Dispose() => _elements.Dispose();

    private bool HasNext()
    {
        if (_ahead.Count == 0 && _elements.MoveNext()) _ahead.Enqueue(_elements.Current);
        return _ahead.Count > 0;
    }

    private object Cycle(object[] values) => values.Length == 0 ? throw new EvaluationException("no items for cycling given") : values[_index % values.Length];

    private bool Changed(Rendering run, object[] values)
    {
        bool same = _lastChanged is not null && PyOperators.AreEqual(run, new PyTuple(_lastChanged), new PyTuple(values));
        _lastChanged = values;
        return !same;
    }
}
