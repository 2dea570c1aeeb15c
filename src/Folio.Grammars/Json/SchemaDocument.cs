using System.Globalization;
using System.Text.Json;

namespace Folio.Grammars;

/// <summary>A schema's document: its subschemas by where they stand, and what references in it mean.</summary>
internal sealed class SchemaDocument
{
    private static readonly Uri s_unnamed = new("schema://folio/document");

    private readonly Dictionary<string, SchemaNode> _nodes = [];
    private readonly Dictionary<string, string> _resources = []; // URI without fragment → path of its root
    private readonly Dictionary<string, string> _anchors = [];   // URI#anchor → path
    private readonly Budget _budget;

    public SchemaDocument(JsonElement root, Budget budget)
    {
        _budget = budget;
        _resources[s_unnamed.ToString()] = "";
        Register(root, "", s_unnamed);
        Root = Add(root, "", s_unnamed, derived: false);
    }

    public SchemaNode Root { get; }

    public SchemaNode Child(SchemaNode parent, string keyword) => Add(parent.Element.GetProperty(keyword), $"{parent.Path}/{Escape(keyword)}", parent.Base, parent.Derived);

    /// <summary>The schemas of a keyword whose value maps names to schemas.</summary>
    public IEnumerable<(string Name, SchemaNode Schema)> Named(SchemaNode parent, string keyword)
    {
        if (parent.Get(keyword) is not { } map) yield break;
        if (map.ValueKind != JsonValueKind.Object) throw parent.Error($"{keyword} must be an object");
        foreach (JsonProperty each in map.EnumerateObject()) yield return (each.Name, Add(each.Value, $"{parent.Path}/{Escape(keyword)}/{Escape(each.Name)}", parent.Base, parent.Derived));
    }

    public SchemaNode? Named(SchemaNode parent, string keyword, string name)
    {
        if (parent.Get(keyword) is not { } map) return null;
        if (map.ValueKind != JsonValueKind.Object) throw parent.Error($"{keyword} must be an object");
        return map.TryGetProperty(name, out JsonElement schema) ? Add(schema, $"{parent.Path}/{Escape(keyword)}/{Escape(name)}", parent.Base, parent.Derived) : null;
    }

    /// <summary>The schemas of a keyword whose value is a list of schemas.</summary>
    public IReadOnlyList<SchemaNode> Listed(SchemaNode parent, string keyword)
    {
        if (parent.Get(keyword) is not { } list) return [];
        if (list.ValueKind != JsonValueKind.Array) throw parent.Error($"{keyword} must be a list of schemas");
        return [.. list.EnumerateArray().Select((schema, index) => Add(schema, $"{parent.Path}/{Escape(keyword)}/{index}", parent.Base, parent.Derived))];
    }

    /// <summary>A schema that the compiler writes in place of another.</summary>
    public SchemaNode Derive(SchemaNode origin, string purpose, string json)
    {
        string path = $"{origin.Path}\0{purpose}";
        if (_nodes.TryGetValue(path, out SchemaNode? known)) return known;
        return Add(JsonElement.Parse(json), path, origin.Base, derived: true);
    }

    public SchemaNode At(string path) => _nodes[path];

    /// <summary>What a <c>$ref</c> means.</summary>
    public SchemaNode Resolve(SchemaNode at, string reference)
    {
        if (!Uri.TryCreate(at.Base, reference, out Uri? target)) throw at.Error($"$ref \"{reference}\" is no URI reference");
        string fragment = Uri.UnescapeDataString(target.Fragment.TrimStart('#')), resource = WithoutFragment(target);
        if (!_resources.TryGetValue(resource, out string? root)) throw at.Unsupported($"$ref \"{reference}\", which leads out of the document,");
        if (fragment.Length == 0) return Walk(at, root, reference);
        if (fragment[0] == '/') return Walk(at, root + fragment, reference);
        return _anchors.TryGetValue($"{resource}#{fragment}", out string? path) ? Walk(at, path, reference) : throw at.Error($"$ref \"{reference}\" names an anchor that the document lacks");
    }

    private SchemaNode Walk(SchemaNode at, string path, string reference)
    {
        if (_nodes.TryGetValue(path, out SchemaNode? known)) return known;
        JsonElement element = Root.Element;
        Uri within = Root.Base;
        foreach (string part in path.Split('/').Skip(1))
        {
            _budget.Spend();
            string name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            bool found = element.ValueKind switch
            {
                JsonValueKind.Object => element.TryGetProperty(name, out element),
                JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < element.GetArrayLength() => (element = element[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!found) throw at.Error($"$ref \"{reference}\" leads nowhere");
            within = Within(element, within);
        }

        return Add(element, path, within, derived: false);
    }

    private SchemaNode Add(JsonElement element, string path, Uri within, bool derived)
    {
        _budget.Spend();
        if (_nodes.TryGetValue(path, out SchemaNode? known)) return known;
        if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False)) throw new GrammarException($"the schema can't be used: a schema is an object, true or false (at #{path}).");
        return _nodes[path] = new(_nodes.Count, element, path, Within(element, within), derived);
    }

    private static Uri Within(JsonElement element, Uri around) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$id", out JsonElement id) && id.ValueKind == JsonValueKind.String && Uri.TryCreate(around, id.GetString(), out Uri? named) ? named : around;

    private void Register(JsonElement element, string path, Uri around)
    {
        _budget.Spend();
        if (element.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement each in element.EnumerateArray()) Register(each, $"{path}/{index++}", around);
        }

        if (element.ValueKind != JsonValueKind.Object) return;
        Uri within = Within(element, around);
        if (within != around) _resources.TryAdd(WithoutFragment(within), path);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property is { Name: "$anchor" or "$dynamicAnchor", Value.ValueKind: JsonValueKind.String }) _anchors.TryAdd($"{WithoutFragment(within)}#{property.Value.GetString()}", path);
            if (property.Name is not ("enum" or "const" or "default" or "examples")) Register(property.Value, $"{path}/{Escape(property.Name)}", within);
        }
    }

    private static string WithoutFragment(Uri uri)
    {
        string text = uri.ToString();
        int mark = text.IndexOf('#', StringComparison.Ordinal);
        return mark < 0 ? text : text[..mark];
    }

    private static string Escape(string name) => name.AsSpan().ContainsAny('~', '/') ? name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal) : name;
}
