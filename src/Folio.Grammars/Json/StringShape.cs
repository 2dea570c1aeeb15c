using System.Text.Json;

namespace Folio.Grammars;

/// <summary>What a shape asks of strings, as a regular language of their characters.</summary>
internal sealed class StringShape
{
    private readonly int _least;
    private readonly int? _most;
    private readonly List<TextAutomaton> _all = [];
    private readonly List<TextAutomaton> _none = [];
    private readonly Budget _budget;

    public StringShape(Shape shape, SchemaPatterns patterns, Budget budget)
    {
        _budget = budget;
        _least = shape.Least("minLength");
        _most = shape.Most("maxLength");
        foreach ((SchemaNode schema, JsonElement value) in shape.With("pattern")) _all.Add(patterns.Anywhere(schema, "pattern", value));
        foreach ((SchemaNode schema, JsonElement value) in shape.With(SchemaNegation.NotPattern)) _none.Add(patterns.Anywhere(schema, "pattern", value));
        foreach ((SchemaNode schema, JsonElement value) in shape.With("format"))
        {
            if (patterns.Format(schema, value) is { } format) _all.Add(format);
        }

        string[] excluded = [.. shape.Excluded().Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)];
        if (excluded.Length > 0) _all.Add(TextAutomaton.Except(excluded, budget));
    }

    public bool Unlimited => _least == 0 && _most is null && _all.Count == 0 && _none.Count == 0;

    public bool Empty => _most < _least;

    public bool Matches(string text)
    {
        int length = text.EnumerateRunes().Count();
        return length >= _least && !(length > _most) && _all.TrueForAll(each => each.Matches(text)) && !_none.Exists(each => each.Matches(text));
    }

    public TextAutomaton Language()
    {
        List<TextAutomaton> all = [.. _all];
        if (_least > 0 || _most is not null || all.Count == 0) all.Add(TextAutomaton.OfLength(_least, _most, _budget));
        return all.Count == 1 && _none.Count == 0 ? all[0] : TextDfa.Combine(all, _none, _budget);
    }
}
