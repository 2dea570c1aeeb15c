namespace Folio.Tokenization.Templates;

/// <summary>map, select, reject, selectattr, rejectattr: generators that apply other filters and tests.</summary>
internal static class SelectionFilters
{
    public static IEnumerable<NativeFunction> All { get; } =
    [
        new("map", null, (run, _, arguments) => new PyIterator(Map(run, arguments))),
        new("select", null, (run, _, arguments) => new PyIterator(Select(run, arguments, byAttribute: false, keep: true))),
        new("reject", null, (run, _, arguments) => new PyIterator(Select(run, arguments, byAttribute: false, keep: false))),
        new("selectattr", null, (run, _, arguments) => new PyIterator(Select(run, arguments, byAttribute: true, keep: true))),
        new("rejectattr", null, (run, _, arguments) => new PyIterator(Select(run, arguments, byAttribute: true, keep: false))),
    ];

    // As in Jinja these are generators from the first line on: nothing is checked before an element is asked for, and
    // whatever is false (none, too) has no elements.
    private static IEnumerable<object> Map(Rendering run, Arguments arguments)
    {
        object source = arguments.Positional[0];
        if (!PyTypes.IsTrue(source)) yield break;
        Func<object, object> map = MapOf(run, arguments);
        foreach (object item in PyTypes.Iterate(run, source)) yield return map(item);
    }

    private static Func<object, object> MapOf(Rendering run, Arguments arguments)
    {
        object? attribute = Named(arguments, "attribute");
        if (arguments.Positional.Count == 1 && attribute is not null)
        {
            object? fallback = Named(arguments, "default");
            return item => SequenceFilters.AttributeOf(run, item, attribute, fallback);
        }

        if (arguments.Positional.Count < 2) throw new EvaluationException("map requires a filter argument");
        string name = PyTypes.Str(arguments.Positional[1]).Text;
        NativeFunction filter = Filters.Find(name) ?? throw new EvaluationException($"No filter named '{name}'.");
        var rest = new Arguments([.. arguments.Positional.Skip(2)], arguments.Named);
        return item => filter.Call(run, rest.Prepend(item));
    }

    private static IEnumerable<object> Select(Rendering run, Arguments arguments, bool byAttribute, bool keep)
    {
        object source = arguments.Positional[0];
        if (!PyTypes.IsTrue(source)) yield break;
        Func<object, bool> test = TestOf(run, arguments, byAttribute);
        foreach (object item in PyTypes.Iterate(run, source))
        {
            if (test(item) == keep) yield return item;
        }
    }

    private static Func<object, bool> TestOf(Rendering run, Arguments arguments, bool byAttribute)
    {
        int at = byAttribute ? 2 : 1;
        if (arguments.Positional.Count < at) throw new EvaluationException("Missing parameter for attribute name");
        object? attribute = byAttribute ? arguments.Positional[1] : null;
        object Tested(object item) => attribute is null ? item : SequenceFilters.AttributeOf(run, item, attribute);
        if (arguments.Positional.Count == at) return item => PyTypes.IsTrue(Tested(item));
        string name = PyTypes.Str(arguments.Positional[at]).Text;
        NativeFunction test = Tests.Find(name) ?? throw new EvaluationException($"No test named '{name}'.");
        var rest = new Arguments([.. arguments.Positional.Skip(at + 1)], arguments.Named);
        return item => PyTypes.IsTrue(test.Call(run, rest.Prepend(Tested(item))));
    }

    private static object? Named(Arguments arguments, string name) => arguments.Named.FirstOrDefault(argument => argument.Key.Text == name).Value;
}
