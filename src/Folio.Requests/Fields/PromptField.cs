using System.Text.Json;

namespace Folio.Requests;

/// <summary>The prompt of a completion: a text, a list of texts, ids, or a list of lists of ids.</summary>
internal static class PromptField
{
    private const string Forms = "a string, a list of strings, a list of token ids or a list of lists of token ids";

    public static IReadOnlyList<Prompt> Read(Fields body, ServedModel served, AnswerFields answer)
    {
        bool addSpecial = body.Flag("add_special_tokens") ?? true;
        JsonElement value = body.Get("prompt") ?? throw ApiException.BadRequest($"prompt is missing; it is {Forms}.", "prompt");
        return value.ValueKind switch
        {
            JsonValueKind.String => [OfText(value.GetString()!, "prompt")],
            JsonValueKind.Array => OfList(value),
            _ => throw Fields.Expected(Forms, value, "prompt"),
        };

        IReadOnlyList<Prompt> OfList(JsonElement list)
        {
            int count = list.GetArrayLength();
            if (count == 0) throw ApiException.BadRequest("You must pass at least one prompt.", "prompt");
            if (list[0].ValueKind == JsonValueKind.Number) return [OfIds(list, "prompt")];
            if (count > served.Options.MaxSequencesPerRequest) throw ApiException.BadRequest($"prompt has {count} prompts; at most {served.Options.MaxSequencesPerRequest} are allowed.", "prompt");

            JsonValueKind kind = list[0].ValueKind;
            return [.. list.EnumerateArray().Select((item, index) => item.ValueKind != kind ? throw Fields.Expected("of the same kind as prompt[0]", item, $"prompt[{index}]")
                : kind == JsonValueKind.String ? OfText(item.GetString()!, $"prompt[{index}]")
                : kind == JsonValueKind.Array ? OfIds(item, $"prompt[{index}]")
                : throw Fields.Expected(Forms, item, $"prompt[{index}]"))];
        }

        Prompt OfText(string text, string path)
        {
            if (text.Length == 0) throw ApiException.BadRequest($"{path} is empty; at least one token is needed to continue.", path);
            int[] ids = served.Encode(text, addSpecial, answer, path);
            return new(ids, answer.TruncatePromptTokens is null ? text : null);
        }

        Prompt OfIds(JsonElement list, string path)
        {
            int[] ids = Fields.AsIntegers(list, path);
            if (ids.Length == 0) throw ApiException.BadRequest($"{path} is empty; at least one token is needed to continue.", path);
            foreach (int id in ids)
            {
                if ((uint)id >= (uint)served.Info.VocabularySize) throw ApiException.BadRequest($"{path} has the token id {id}; this model's ids are 0 to {served.Info.VocabularySize - 1}.", path);
            }

            return new(answer.Truncate(ids, served.Info.MaxModelLen), null);
        }
    }
}
