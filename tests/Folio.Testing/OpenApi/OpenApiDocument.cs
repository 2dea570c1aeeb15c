using System.Text.Json;
using System.Text.RegularExpressions;

namespace Folio.Testing.OpenApi;

/// <summary>An OpenAPI 3.1 document, or a JSON schema, that values are held against.</summary>
/// <param name="root">What <c>#</c> in its references means.</param>
public sealed partial class OpenApiDocument(JsonElement root)
{
    private readonly Dictionary<string, JsonElement> _resolved = new(StringComparer.Ordinal);

    /// <summary>The description that OpenAI publishes of its API; null where the reference data is absent.</summary>
    public static OpenApiDocument? OpenAI { get; } = LoadOpenAI();

    /// <summary>Holds a value against one of the document's components.</summary>
    /// <param name="component">A name under components/schemas.</param>
    public Findings Check(JsonElement value, string component) => Check(value, Resolve($"#/components/schemas/{component}"));

    /// <summary>Holds a value against a schema whose references are this document's.</summary>
    public Findings Check(JsonElement value, JsonElement schema)
    {
        var findings = new Findings();
        new SchemaCheck(this).Check(schema, value, "", findings);
        FindUndeclared(value, "", findings);
        return findings;
    }

    /// <summary>Names of the members that a component describes.</summary>
    public IReadOnlyList<string> MembersOf(string component) => [.. Members(Resolve($"#/components/schemas/{component}")).Distinct()];

    private IEnumerable<string> Members(JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference)) schema = Resolve(reference.GetString()!);
        IEnumerable<string> own = schema.TryGetProperty("properties", out JsonElement properties) ? properties.EnumerateObject().Select(member => member.Name) : [];
        return schema.TryGetProperty("allOf", out JsonElement parts) ? own.Concat(parts.EnumerateArray().SelectMany(Members)) : own;
    }

    /// <param name="reference">A pointer into the document: <c>#/components/schemas/Model</c>.</param>
    internal JsonElement Resolve(string reference)
    {
        lock (_resolved)
        {
            if (_resolved.TryGetValue(reference, out JsonElement known)) return known;
            JsonElement element = reference.StartsWith('#') ? root : throw new NotSupportedException($"the reference {reference} leaves the document");
            foreach (string part in reference[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
                element = element.ValueKind == JsonValueKind.Array ? element[int.Parse(name)]
                    : element.TryGetProperty(name, out JsonElement member) ? member
                    : throw new NotSupportedException($"the reference {reference} leads nowhere");
            }

            return _resolved[reference] = element;
        }
    }

    private static void FindUndeclared(JsonElement value, string path, Findings findings)
    {
        if (findings.Free.Contains(path)) return;
        if (value.ValueKind == JsonValueKind.Array)
        {
            for (int i = 0; i < value.GetArrayLength(); i++) FindUndeclared(value[i], $"{path}[{i}]", findings);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in value.EnumerateObject())
            {
                string at = SchemaCheck.Member(path, member.Name);
                if (!findings.Described.Contains(at)) findings.Undeclared.Add(PlaceOf(at));
                else FindUndeclared(member.Value, at, findings);
            }
        }
    }

    /// <summary>A path without its indices.</summary>
    internal static string PlaceOf(string path) => Index().Replace(path, "[]");

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Index();

    private static OpenApiDocument? LoadOpenAI()
    {
        string path = Path.Combine(TestData.Repository, "..", "shared", "suites", "openai", "openapi.json");
        return File.Exists(path) ? new(JsonElement.Parse(File.ReadAllBytes(path))) : null;
    }
}
