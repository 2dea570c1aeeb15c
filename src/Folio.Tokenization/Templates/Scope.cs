namespace Folio.Tokenization.Templates;

/// <summary>Names visible at a place: those set there, then those of the scopes around it.</summary>
internal sealed class Scope(Rendering run, Scope? parent)
{
    private readonly Dictionary<string, object> _names = new(StringComparer.Ordinal);

    public Rendering Run { get; } = run;

    public Scope Inner() => new(Run, this);

    public void Set(string name, object value) => _names[name] = value;

    public object Get(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._names.TryGetValue(name, out object? value)) return value;
        }

        return (object?)Globals.Find(name) ?? new Undefined($"'{name}' is undefined");
    }

    private Scope? Parent => parent;
}
