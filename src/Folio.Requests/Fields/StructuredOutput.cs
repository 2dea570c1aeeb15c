using System.Text.Json;
using Folio.Chat;
using Folio.Engine;
using Folio.Grammars;

namespace Folio.Requests;

/// <summary>What an answer must obey: OpenAI's <c>response_format</c>, vLLM's <c>structured_outputs</c> and its older <c>guided_*</c>, of which a request has one.</summary>
/// <param name="Field">Where it came from, for errors.</param>
internal sealed record StructuredOutput(Grammar Grammar, string Field)
{
    private const string SpaceBehindReasoning = "[ \\n]{0,4}";
    private const string FixedSpace = "disable_any_whitespace";

    private static readonly string[] Kinds = ["json", "regex", "choice", "grammar", "json_object"];

    /// <summary>What it was put together of: where it can't be used, the first of these that can't be used alone is at fault.</summary>
    public IReadOnlyList<StructuredOutput> Parts { get; init; } = [];

    /// <returns>Null: any text will do.</returns>
    public static StructuredOutput? Read(Fields body)
    {
        List<StructuredOutput> all = [];
        bool fixedSpace = body.Object("structured_outputs")?.Flag(FixedSpace) ?? false;
        if (ReadFormat(body, fixedSpace) is { } format) all.Add(format);
        if (body.Object("structured_outputs") is { } outputs)
        {
            foreach (JsonProperty each in outputs.Element.EnumerateObject())
            {
                if (each.Value.ValueKind is JsonValueKind.Null or JsonValueKind.False || each.Name == FixedSpace) continue; // options that are off, or read
                if (!Kinds.Contains(each.Name)) throw ApiException.BadRequest($"structured_outputs.{Fields.Cut(each.Name)} isn't supported; json, json_object, regex, choice, grammar and {FixedSpace} are.", $"structured_outputs.{Fields.Cut(each.Name)}");
                all.Add(ReadKind(outputs, each.Name, each.Name, fixedSpace));
            }
        }

        foreach (string kind in Kinds)
        {
            if (body.Has($"guided_{kind}")) all.Add(ReadKind(body, $"guided_{kind}", kind, fixedSpace));
        }

        if (all.Count == 0 && body.Has("structured_outputs")) throw ApiException.BadRequest("structured_outputs names nothing to obey; json, json_object, regex, choice or grammar was expected.", "structured_outputs");
        return all.Count > 1 ? throw ApiException.BadRequest($"{all[0].Field} and {all[1].Field} can't both be obeyed; one was expected.", all[1].Field) : all.FirstOrDefault();
    }

    /// <summary>The same, where the model may reason first: what it must obey begins behind that.</summary>
    /// <param name="reasoning">How it is marked.</param>
    /// <param name="isOpen">The prompt has opened the reasoning.</param>
    /// <param name="marks">Marks that are tokens.</param>
    public StructuredOutput Behind(ReasoningFormat reasoning, bool isOpen, MarkTokens marks)
    {
        if (reasoning.Closes.Count == 0) return this;
        var rest = Grammar.Sequence(Grammar.AnyOf([.. reasoning.Closes.Select(marks.TextThrough)]), Grammar.Regex(SpaceBehindReasoning), Grammar);
        return this with { Grammar = isOpen ? rest : Grammar.AnyOf(Grammar, Grammar.Sequence(Grammar.AnyOf([.. reasoning.Opens.Select(marks.Literal)]), rest)) };
    }

    /// <summary>This or the other.</summary>
    public StructuredOutput Or(StructuredOutput other) => this with { Grammar = Grammar.AnyOf(Grammar, other.Grammar), Parts = [this, .. other.Parts] };

    /// <exception cref="ApiException">It is wrong, not supported or too large.</exception>
    public async Task<RequestGrammar> CompileAsync(LlmEngine engine, CancellationToken cancellation)
    {
        try
        {
            return await engine.CompileAsync(Grammar, cancellation);
        }
        catch (FolioException error) when (error is GrammarException or RequestException)
        {
            foreach (StructuredOutput part in Parts) await part.CompileAsync(engine, cancellation);
            throw ApiException.BadRequest($"{Field}: {error.Message}", Field);
        }
    }

    private static StructuredOutput? ReadFormat(Fields body, bool fixedSpace)
    {
        if (body.Object("response_format") is not { } format) return null;
        string type = format.Text("type") ?? throw ApiException.BadRequest("response_format.type is missing; text, json_object or json_schema was expected.", "response_format");
        switch (type)
        {
            case "text":
                format.RequireKnown("type");
                return null;
            case "json_object":
                if (format.Get("schema") is not null) throw ApiException.BadRequest("response_format.schema isn't supported beside json_object; {\"type\": \"json_schema\", \"json_schema\": {\"name\": …, \"schema\": …}} was expected.", "response_format.schema");
                format.RequireKnown("type");
                return new(Grammar.JsonObject(fixedSpace), "response_format");
            case "json_schema":
                format.RequireKnown("type", "json_schema");
                Fields named = format.Object("json_schema") ?? throw ApiException.BadRequest("response_format.json_schema is missing; an object with a schema was expected.", "response_format");
                named.RequireKnown("name", "description", "schema", "strict");
                named.Flag("strict"); // either way the answer obeys
                return new(named.Get("schema") is { } schema ? Grammar.JsonSchema(schema, fixedSpace) : Grammar.JsonObject(fixedSpace), "response_format");
            default:
                throw ApiException.BadRequest($"response_format.type is \"{Fields.Cut(type)}\"; text, json_object and json_schema are supported.", "response_format");
        }
    }

    private static StructuredOutput ReadKind(Fields fields, string name, string kind, bool fixedSpace)
    {
        string path = fields.Path(name);
        return new(kind switch
        {
            "json" when fields.Get(name) is { ValueKind: JsonValueKind.String } text => Grammar.JsonSchema(text.GetString()!, fixedSpace),
            "json" => Grammar.JsonSchema(fields.Get(name)!.Value, fixedSpace),
            "json_object" => fields.Flag(name) == true ? Grammar.JsonObject(fixedSpace) : throw ApiException.BadRequest($"{path} must be true where it is all that there is to obey.", path),
            "regex" => Grammar.Regex(fields.Text(name)!),
            "choice" when fields.Texts(name) is { Length: > 0 } choices => Grammar.Choice(choices),
            "choice" => throw ApiException.BadRequest($"{path} must have at least one text.", path),
            _ => Grammar.Gbnf(fields.Text(name)!),
        }, path);
    }
}
