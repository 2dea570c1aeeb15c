using System.Text.Json;

namespace Folio.Requests;

/// <summary>A field of texts: one, a list of them, ids, or a list of lists of ids.</summary>
internal static class PromptField
{
    private const string Forms = "a string, a list of strings, a list of token ids or a list of lists of token ids";

    /// <summary>The prompts of a completion.</summary>
    /// <param name="cancellation">Looked at between texts.</param>
    public static IReadOnlyList<Prompt> Read(Fields body, ServedModel served, AnswerFields answer, CancellationToken cancellation = default)
    {
        bool addSpecial = body.Flag("add_special_tokens") ?? true;
        return Read(body, "prompt", served, served.Options.MaxSequencesPerRequest, OfText, ids => new(answer.Truncate(ids, served.Info.MaxModelLen), null), cancellation);

        Prompt OfText(string text, string path) => new(served.Encode(text, addSpecial, answer, path), answer.TruncatePromptTokens is null ? text : null);
    }

    /// <param name="name">The field's.</param>
    /// <param name="most">Items of the list.</param>
    /// <param name="ofText">What a text becomes, given its path for errors.</param>
    /// <param name="ofIds">What ids become, all of them the model's.</param>
    /// <param name="cancellation">Looked at between items.</param>
    public static IReadOnlyList<Prompt> Read(Fields body, string name, ServedModel served, int most, Func<string, string, Prompt> ofText, Func<int[], Prompt> ofIds, CancellationToken cancellation)
    {
        JsonElement value = body.Get(name) ?? throw ApiException.BadRequest($"{name} is missing; it is {Forms}.", name);
        return value.ValueKind switch
        {
            JsonValueKind.String => [OfText(value.GetString()!, name)],
            JsonValueKind.Array => OfList(value),
            _ => throw Fields.Expected(Forms, value, name),
        };

        IReadOnlyList<Prompt> OfList(JsonElement list)
        {
            int count = list.GetArrayLength();
            if (count == 0) throw ApiException.BadRequest($"You must pass at least one {name}.", name);
            if (list[0].ValueKind == JsonValueKind.Number) return [OfIds(list, name)];
            if (count > most) throw ApiException.BadRequest($"{name} has {count} {name}s; at most {most} are allowed.", name);

            JsonValueKind kind = list[0].ValueKind;
            return [.. list.EnumerateArray().Select((item, index) => item.ValueKind != kind ? throw Fields.Expected($"of the same kind as {name}[0]", item, $"{name}[{index}]")
                : kind == JsonValueKind.String ? OfText(item.GetString()!, $"{name}[{index}]")
                : kind == JsonValueKind.Array ? OfIds(item, $"{name}[{index}]")
                : throw Fields.Expected(Forms, item, $"{name}[{index}]"))];
        }

        Prompt OfText(string text, string path)
        {
            cancellation.ThrowIfCancellationRequested();
            return text.Length > 0 ? ofText(text, path) : throw IsEmpty(path);
        }

        Prompt OfIds(JsonElement list, string path)
        {
            int[] ids = Fields.AsIntegers(list, path);
            if (ids.Length == 0) throw IsEmpty(path);
            foreach (int id in ids)
            {
                if ((uint)id >= (uint)served.Info.VocabularySize) throw ApiException.BadRequest($"{path} has the token id {id}; this model's ids are 0 to {served.Info.VocabularySize - 1}.", path);
            }

            return ofIds(ids);
        }
    }

    private static ApiException IsEmpty(string path) => ApiException.BadRequest($"{path} is empty; at least one token is needed.", path);
}
