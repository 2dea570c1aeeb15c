namespace Folio.Grammars;

/// <summary>Choices of a schema that have been made.</summary>
[Flags]
internal enum Chosen
{
    None = 0,
    AnyOf = 1,
    OneOf = 2,
    If = 4,
    Dependents = 8,
}

/// <summary>Schemas that must all hold: what <c>allOf</c> and <c>$ref</c> come to. Its key names it, so a conjunction that comes again, as of a recursive schema, is known.</summary>
internal sealed class Conjunction
{
    private readonly List<(SchemaNode Schema, Chosen Done)> _terms = [];
    private readonly Dictionary<int, int> _places = [];

    /// <summary>The schema that all others were reached from; null: there are several such.</summary>
    public SchemaNode? Seed { get; private init; }

    public IReadOnlyList<(SchemaNode Schema, Chosen Done)> Terms => _terms;

    public string Key => (Seed is { } seed && (seed.Has("unevaluatedProperties") || seed.Has("unevaluatedItems")) ? $"{seed.Id}:" : "") + string.Join(',', _terms.OrderBy(term => term.Schema.Id).Select(term => $"{term.Schema.Id}.{(int)term.Done}"));

    public static Conjunction Of(IEnumerable<SchemaNode> schemas)
    {
        SchemaNode[] all = [.. schemas.Where(schema => !schema.IsTrue).Distinct()];
        var result = new Conjunction { Seed = all.Length == 1 ? all[0] : null };
        foreach (SchemaNode schema in all) result.Add(schema, Chosen.None);
        return result;
    }

    /// <summary>The same with a choice made.</summary>
    public Conjunction With(SchemaNode chooser, Chosen made, IEnumerable<SchemaNode> more)
    {
        var result = new Conjunction { Seed = Seed };
        foreach ((SchemaNode schema, Chosen done) in _terms) result.Add(schema, done);
        result.Add(chooser, made);
        foreach (SchemaNode schema in more) result.Add(schema, Chosen.None);
        return result;
    }

    public void Add(SchemaNode schema, Chosen done)
    {
        if (schema.IsTrue) return;
        if (_places.TryGetValue(schema.Id, out int place))
        {
            _terms[place] = (schema, _terms[place].Done | done);
            return;
        }

        _places[schema.Id] = _terms.Count;
        _terms.Add((schema, done));
    }
}
