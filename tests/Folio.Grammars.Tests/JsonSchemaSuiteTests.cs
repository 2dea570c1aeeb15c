using System.Text;
using System.Text.Json;

namespace Folio.Grammars.Tests;

/// <summary>The JSON-Schema-Test-Suite (draft 2020-12): what is supported is exact, what isn't is refused by name.</summary>
/// <remarks>Instances are written compactly; members in every order, since the grammar has one order of its own.</remarks>
public sealed class JsonSchemaSuiteTests(ITestOutputHelper output)
{
    private const string Folder = "suites/json-schema/draft2020-12";
    private const int MostOrders = 200;

    /// <summary>Here a format is asserted, as the format-assertion vocabulary says; that one says formats are notes, and this one that unknown ones are.</summary>
    private static readonly string[] s_otherMeaning = ["format.json", "optional/format/unknown.json"];

    /// <summary>Instances that are valid and aren't written: leap seconds in other time zones than UTC, and encoded host names.</summary>
    private static bool IsNarrower(string test) =>
        (test.StartsWith("optional/format/", StringComparison.Ordinal) && test.Contains("leap second", StringComparison.Ordinal) && test.Contains("offset", StringComparison.Ordinal))
        || test.StartsWith("optional/format/hostname.json: validation of A-label", StringComparison.Ordinal);

    [Fact]
    public void Supported_schemas_have_their_valid_instances_and_no_invalid_ones()
    {
        string root = TestData.Shared(Folder.Split('/'));
        var refused = new Dictionary<string, int>();
        var wrong = new List<string>();
        int supported = 0, schemas = 0, instances = 0;
        foreach (string file in Directory.EnumerateFiles(root, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(root, file).Replace('\\', '/');
            if (s_otherMeaning.Contains(name)) continue;
            using JsonDocument groups = JsonDocument.Parse(File.ReadAllBytes(file));
            int here = 0, count = groups.RootElement.GetArrayLength();
            foreach (JsonElement group in groups.RootElement.EnumerateArray())
            {
                schemas++;
                string title = $"{name}: {group.GetProperty("description").GetString()}";
                CompiledGrammar? grammar = Compile(group.GetProperty("schema"), title, refused, group.GetProperty("tests"), wrong);
                if (grammar is null) continue;
                here++;
                foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
                {
                    instances++;
                    string full = $"{title}: {test.GetProperty("description").GetString()}";
                    bool valid = test.GetProperty("valid").GetBoolean(), accepted = Orders(test.GetProperty("data")).Any(grammar.Accepts);
                    if (valid != accepted && !(valid && IsNarrower(full))) wrong.Add($"{full}: {(valid ? "valid, rejected" : "invalid, accepted")}");
                }
            }

            supported += here;
            output.WriteLine($"{name}: {here} of {count} schemas");
        }

        output.WriteLine($"{supported} of {schemas} schemas supported, {instances} instances; refused:");
        foreach ((string reason, int count) in refused.OrderByDescending(each => each.Value)) output.WriteLine($"  {count} {reason}");
        foreach (string each in wrong) output.WriteLine($"WRONG {each}");
        Assert.Empty(wrong);
    }

    /// <returns>Null if the schema is refused.</returns>
    private static CompiledGrammar? Compile(JsonElement schema, string title, Dictionary<string, int> refused, JsonElement tests, List<string> wrong)
    {
        try
        {
            return Grammar.JsonSchema(schema).Compile();
        }
        catch (GrammarException error) when (error.Message.StartsWith("no value can satisfy", StringComparison.Ordinal))
        {
            foreach (JsonElement test in tests.EnumerateArray())
            {
                if (test.GetProperty("valid").GetBoolean()) wrong.Add($"{title}: {test.GetProperty("description").GetString()}: nothing satisfies, they say");
            }

            return null;
        }
        catch (GrammarException error)
        {
            string reason = error.Message.Split(" (at #")[0].Replace("the schema can't be used: ", "", StringComparison.Ordinal);
            refused[reason] = refused.GetValueOrDefault(reason) + 1;
            return null;
        }
    }

    /// <summary>The value's texts, one for each order of the members of its objects.</summary>
    private static IEnumerable<string> Orders(JsonElement value) => (value.ValueKind switch
    {
        JsonValueKind.Object => Permutations([.. JsonValues.Members(value)]).SelectMany(members => Combine([.. members.Select(member => Orders(member.Value).Select(text => $"\"{Encoding.UTF8.GetString(TextNodes.Escape(member.Key))}\":{text}").ToArray())])).Select(all => $"{{{all}}}"),
        JsonValueKind.Array => Combine([.. value.EnumerateArray().Select(item => Orders(item).ToArray())]).Select(all => $"[{all}]"),
        _ => [Encoding.UTF8.GetString(JsonValues.Compact(value))],
    }).Take(MostOrders);

    private static IEnumerable<string> Combine(IReadOnlyList<string[]> parts)
    {
        if (parts.Count == 0) return [""];
        IEnumerable<string> all = parts[0];
        foreach (string[] part in parts.Skip(1)) all = all.SelectMany(first => part.Select(text => $"{first},{text}"));
        return all;
    }

    private static IEnumerable<KeyValuePair<string, JsonElement>[]> Permutations(KeyValuePair<string, JsonElement>[] members)
    {
        if (members.Length < 2) return [members];
        return members.SelectMany((member, index) => Permutations([.. members[..index], .. members[(index + 1)..]]).Select(rest => (KeyValuePair<string, JsonElement>[])[member, .. rest]));
    }
}
