using System.Text.Json;

namespace Folio.Grammars;

/// <summary>What a conjunction comes to: nothing, a choice of conjunctions, or a shape.</summary>
internal readonly record struct Expansion(bool Impossible, IReadOnlyList<Conjunction>? Alternatives, Shape? Shape);

/// <summary>Takes conjunctions apart: follows references, merges <c>allOf</c>, and turns whatever chooses (<c>anyOf</c>, <c>oneOf</c>, <c>if</c>, dependents, negations) into alternatives.</summary>
/// <param name="document">Where the schemas stand.</param>
/// <param name="negation">Writes opposites.</param>
/// <param name="budget">What it may cost.</param>
/// <param name="areDisjoint">Whether two branches of a <c>oneOf</c> can't both hold beside what else must; null: take every <c>oneOf</c> for an <c>anyOf</c>, which has more texts.</param>
internal sealed class SchemaExpansion(SchemaDocument document, SchemaNegation negation, Budget budget, Func<Conjunction, bool>? areDisjoint)
{
    private const int MostBranches = 6; // of anyOf beside unevaluated keywords: each subset of them is an alternative

    private readonly HashSet<int> _checked = [];

    public Expansion Expand(Conjunction conjunction)
    {
        Conjunction flat = conjunction.With(Root(conjunction), Chosen.None, []);
        for (int i = 0; i < flat.Terms.Count; i++)
        {
            budget.Spend();
            SchemaNode schema = flat.Terms[i].Schema;
            if (schema.IsFalse) return new(true, null, null);
            if (_checked.Add(schema.Id)) SchemaKeywords.Check(schema);
            foreach (SchemaNode same in Same(schema)) flat.Add(same, Chosen.None);
        }

        foreach ((SchemaNode schema, Chosen done) in flat.Terms)
        {
            if (!done.HasFlag(Chosen.AnyOf) && schema.Has("anyOf")) return new(false, [.. AnyOf(flat, schema)], null);
            if (!done.HasFlag(Chosen.OneOf) && schema.Has("oneOf")) return new(false, [.. OneOf(flat, schema)], null);
            if (!done.HasFlag(Chosen.If) && schema.Has("if") && (schema.Has("then") || schema.Has("else") || SeesEvaluated(flat))) return new(false, [.. If(flat, schema)], null);
            if (!done.HasFlag(Chosen.Dependents) && Dependents(schema) is { Count: > 0 } dependents) return new(false, [flat.With(schema, Chosen.Dependents, dependents)], null);
        }

        return new(false, null, new Shape(flat));
    }

    /// <summary>Any of the terms, to copy a conjunction by; an empty one has none.</summary>
    private SchemaNode Root(Conjunction conjunction) => conjunction.Terms.Count > 0 ? conjunction.Terms[0].Schema : document.Derive(document.Root, "any", "true");

    /// <summary>Schemas that hold wherever this one does.</summary>
    private IEnumerable<SchemaNode> Same(SchemaNode schema)
    {
        if (schema.Get("$ref") is { } reference) yield return document.Resolve(schema, reference.ValueKind == JsonValueKind.String ? reference.GetString()! : throw schema.Error("$ref must be a string"));
        if (schema.Get(SchemaNegation.Reference) is { } path) yield return document.At(path.GetString()!);
        foreach (SchemaNode each in document.Listed(schema, "allOf")) yield return each;
        if (schema.Has("not")) yield return negation.Of(document.Child(schema, "not"));
    }

    private IEnumerable<Conjunction> AnyOf(Conjunction flat, SchemaNode schema)
    {
        IReadOnlyList<SchemaNode> branches = Branches(schema, "anyOf");
        if (!SeesEvaluated(flat)) return branches.Select(branch => flat.With(schema, Chosen.AnyOf, [branch]));
        // Every branch that holds evaluates its properties: which hold matters.
        if (branches.Count > MostBranches) throw schema.Unsupported($"anyOf of more than {MostBranches} branches beside an unevaluated keyword");
        return Enumerable.Range(1, (1 << branches.Count) - 1).Select(subset => flat.With(schema, Chosen.AnyOf, branches.Where((_, index) => (subset >> index & 1) == 1)));
    }

    private List<Conjunction> OneOf(Conjunction flat, SchemaNode schema)
    {
        IReadOnlyList<SchemaNode> branches = Branches(schema, "oneOf");
        var others = new List<SchemaNode>[branches.Count];
        for (int i = 0; i < others.Length; i++) others[i] = [branches[i]];
        for (int i = 0; i < others.Length && areDisjoint is not null; i++)
        {
            for (int j = i + 1; j < others.Length; j++)
            {
                budget.Spend();
                if (areDisjoint(flat.With(schema, Chosen.OneOf, [branches[i], branches[j]]))) continue;
                others[i].Add(Opposite(schema, branches[j]));
                others[j].Add(Opposite(schema, branches[i]));
            }
        }

        return [.. others.Select(all => flat.With(schema, Chosen.OneOf, all))];
    }

    private SchemaNode Opposite(SchemaNode oneOf, SchemaNode branch)
    {
        try
        {
            return negation.Of(branch);
        }
        catch (GrammarException error)
        {
            throw oneOf.Error($"branches of oneOf may overlap, so that one must exclude another, and {error.Message.Replace("the schema can't be used: ", "", StringComparison.Ordinal).TrimEnd('.')}");
        }
    }

    private IEnumerable<Conjunction> If(Conjunction flat, SchemaNode schema)
    {
        SchemaNode condition = document.Child(schema, "if");
        yield return flat.With(schema, Chosen.If, schema.Has("then") ? [condition, document.Child(schema, "then")] : [condition]);
        yield return flat.With(schema, Chosen.If, schema.Has("else") ? [negation.Of(condition), document.Child(schema, "else")] : [negation.Of(condition)]);
    }

    private IReadOnlyList<SchemaNode> Branches(SchemaNode schema, string keyword)
    {
        IReadOnlyList<SchemaNode> branches = document.Listed(schema, keyword);
        return branches.Count > 0 ? branches : throw schema.Error($"{keyword} must have at least one schema");
    }

    /// <summary>Whether it matters which schemas have looked at a member or item.</summary>
    private static bool SeesEvaluated(Conjunction flat) => flat.Seed is { } seed && (seed.Has("unevaluatedProperties") || seed.Has("unevaluatedItems"));

    /// <summary>Either the property is absent, or what depends on it holds.</summary>
    private List<SchemaNode> Dependents(SchemaNode schema)
    {
        var result = new List<SchemaNode>();
        if (schema.Get("dependentRequired") is { } required)
        {
            if (required.ValueKind != JsonValueKind.Object) throw schema.Error("dependentRequired must be an object");
            foreach (JsonProperty each in required.EnumerateObject())
            {
                if (each.Value.ValueKind != JsonValueKind.Array) throw schema.Error("dependentRequired must map names to lists of names");
                result.Add(Either(schema, each.Name, $"{{\"required\":[{string.Join(',', each.Value.EnumerateArray().Select(name => name.GetRawText()).Prepend(SchemaNegation.Quote(each.Name)))}]}}"));
            }
        }

        foreach ((string name, SchemaNode dependent) in document.Named(schema, "dependentSchemas"))
        {
            result.Add(Either(schema, name, $"{{\"required\":[{SchemaNegation.Quote(name)}],\"allOf\":[{SchemaNegation.To(dependent)}]}}"));
        }

        return result;
    }

    private SchemaNode Either(SchemaNode schema, string name, string then) =>
        document.Derive(schema, $"dependent {name} {then}", SchemaNegation.AnyOf([$"{{\"properties\":{{{SchemaNegation.Quote(name)}:false}}}}", then]));
}
