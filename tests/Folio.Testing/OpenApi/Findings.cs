namespace Folio.Testing.OpenApi;

/// <param name="Place">Where: member names and <c>[]</c> for any item, as in <c>choices[].message.content</c>; "" is the whole.</param>
/// <param name="What">What was expected and what was there.</param>
public sealed record Finding(string Place, string What);

/// <summary>What a value has against its schema.</summary>
public sealed class Findings
{
    /// <summary>Places where the value isn't what the schema says.</summary>
    public List<Finding> Errors { get; } = [];

    /// <summary>Places of members that the schema doesn't speak of, neither by name nor by <c>additionalProperties</c>.</summary>
    public SortedSet<string> Undeclared { get; } = new(StringComparer.Ordinal);

    public bool Valid => Errors.Count == 0;

    /// <summary>Exact places that some schema that applies has described, and those under which anything goes.</summary>
    internal HashSet<string> Described { get; } = [];

    internal HashSet<string> Free { get; } = [];

    internal void Add(Findings other)
    {
        Errors.AddRange(other.Errors);
        Describe(other);
    }

    internal void Describe(Findings other)
    {
        Described.UnionWith(other.Described);
        Free.UnionWith(other.Free);
    }
}
