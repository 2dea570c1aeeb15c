using System.Text.Json;

namespace Folio.Grammars;

/// <summary>Whether a given value has a shape: enumerated values are checked against what stands beside <c>enum</c>.</summary>
internal sealed class InstanceCheck(SchemaCompiler compiler)
{
    public bool Has(Conjunction conjunction, JsonElement value)
    {
        compiler.Table.Budget.Spend();
        Expansion expansion = compiler.Expand(conjunction);
        if (expansion.Impossible) return false;
        return expansion.Alternatives?.Any(alternative => Has(alternative, value)) ?? Has(expansion.Shape!, value);
    }

    /// <summary>The values that all of a shape's lists have.</summary>
    public static IEnumerable<JsonElement> Listed(Shape shape)
    {
        IReadOnlyList<JsonElement>? first = null;
        var others = new List<HashSet<string>>();
        foreach (IReadOnlyList<JsonElement> list in Lists(shape))
        {
            if (first is null) first = list;
            else others.Add([.. list.Select(JsonValues.Key)]);
        }

        return first!.Where(value => others.TrueForAll(other => other.Contains(JsonValues.Key(value))));
    }

    public bool Has(Shape shape, JsonElement value)
    {
        if ((shape.Types & JsonValues.TypeOf(value)) == 0) return false;
        string? key = null;
        if (shape.With(SchemaNegation.NotEnum).Any() && shape.Excluded().Any(excluded => JsonValues.Key(excluded) == (key ??= JsonValues.Key(value)))) return false;
        if (Lists(shape).Any() && !Listed(shape).Any(listed => listed.ValueKind == value.ValueKind && JsonValues.Key(listed) == (key ??= JsonValues.Key(value)))) return false;
        return HasParts(shape, value);
    }

    /// <summary>The same, of a value that is known to be listed.</summary>
    public bool HasParts(Shape shape, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => shape.Numbers.Contains(DecimalNumber.Of(value)),
        JsonValueKind.String => compiler.Strings(shape).Matches(value.GetString()!),
        JsonValueKind.Array => HasItems(new ArrayShape(shape, compiler), value),
        JsonValueKind.Object => HasMembers(new ObjectShape(shape, compiler), value),
        _ => true,
    };

    private static IEnumerable<IReadOnlyList<JsonElement>> Lists(Shape shape)
    {
        foreach ((SchemaNode schema, JsonElement values) in shape.With("enum"))
        {
            if (values.ValueKind != JsonValueKind.Array) throw schema.Error("enum must be a list");
            yield return [.. values.EnumerateArray()];
        }

        foreach ((_, JsonElement value) in shape.With("const")) yield return [value];
    }

    private bool HasItems(ArrayShape array, JsonElement value)
    {
        int count = value.GetArrayLength(), index = 0, contained = 0;
        if (count < array.Least || count > array.Most) return false;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (!Has(array.Item(index++), item)) return false;
            if (array.Contains is { } contains && Has(contains, item)) contained++;
        }

        return array.Contains is null || (contained >= array.LeastContained && !(contained > array.MostContained));
    }

    private bool HasMembers(ObjectShape shape, JsonElement value)
    {
        Dictionary<string, JsonElement> members = JsonValues.Members(value);
        if (members.Count < shape.Least || members.Count > shape.Most || !shape.Required.All(members.ContainsKey)) return false;
        return members.All(member => shape.Member(member.Key) is { } schemas && Has(schemas, member.Value));
    }
}
