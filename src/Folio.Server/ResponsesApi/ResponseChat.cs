using System.Text.Json;

namespace Folio.Server;

/// <summary>The chat that a body of /v1/responses asks for, and what a response repeats of the fields that were told in other words.</summary>
/// <param name="Reasoning">Null: nothing was said of it.</param>
internal sealed record ResponseChat(ChatRequest Request, ResponseTools Tools, JsonElement Text, JsonElement? Reasoning)
{
    /// <summary>A body has 64 levels at most (<see cref="RequestBody"/>), and a chat's tools lie deeper than a response's.</summary>
    private const int MaxDepth = 72;

    /// <summary>Fields that a chat has under the same name.</summary>
    private static readonly HashSet<string> s_same = new(FieldPolicies.ResponseAsChat, StringComparer.Ordinal);

    /// <param name="mayCut">The conversation may lose its beginning where the model's context can't hold all of it.</param>
    public static ResponseChat Read(Fields body, ResponseConversation conversation, bool mayCut, ServedModel served, Holder holder, FieldNames names)
    {
        if (!mayCut) return At(0);
        if (Fitting(0) is { } whole) return whole;
        IReadOnlyList<int> cuts = conversation.Cuts;
        ResponseChat? best = null; // the earliest cut that fits; where none does, the last says what is wrong
        for (int low = 1, high = cuts.Count - 1; low <= high;)
        {
            int middle = (low + high) / 2;
            if (Fitting(cuts[middle]) is { } fitting) (best, high) = (fitting, middle - 1);
            else low = middle + 1;
        }

        return best ?? At(cuts[^1]);

        ResponseChat? Fitting(int first)
        {
            try
            {
                ResponseChat chat = At(first);
                return chat.Request.Prompt.Ids.Length + (body.Integer("max_output_tokens") ?? 1) <= served.Info.MaxModelLen ? chat : null;
            }
            catch (ApiException error) when (error.Parameter == "messages")
            {
                return null; // too long to be encoded at all
            }
        }

        ResponseChat At(int first) => ReadAt(body, conversation, first, served, holder, names);
    }

    private static ResponseChat ReadAt(Fields body, ResponseConversation conversation, int first, ServedModel served, Holder holder, FieldNames names)
    {
        ResponseTools tools = null!;
        JsonElement text = default;
        JsonElement? reasoning = null;
        byte[] chat = WireJson.Bytes(json =>
        {
            json.WriteStartObject();
            names.Add("messages", "input");
            conversation.Write(json, names, body.Text("instructions"), first);
            tools = ResponseTools.Read(body, json, names);
            text = ResponseText.Read(body, json, names);
            reasoning = ResponseReasoning.Read(body, json, names);
            WriteRest(body, json, names);
            json.WriteEndObject();
        });
        using JsonDocument document = JsonDocument.Parse(chat, new() { MaxDepth = MaxDepth });
        return new(ChatRequest.Read(new(document.RootElement), served, holder), tools, text, reasoning);
    }

    private static void WriteRest(Fields body, Utf8JsonWriter json, FieldNames names)
    {
        foreach (JsonProperty field in body.Element.EnumerateObject())
        {
            if (s_same.Contains(field.Name)) field.WriteTo(json);
        }

        names.Add("max_completion_tokens", "max_output_tokens");
        names.Add("max_tokens", "max_output_tokens");
        if (body.Integer("max_output_tokens") is { } most) json.WriteNumber("max_completion_tokens", most);
        bool tellsLogprobs = ReadInclude(body);
        int? top = body.Integer("top_logprobs");
        if (top > 0 && !tellsLogprobs) throw ApiException.BadRequest($"When using top_logprobs, include must have \"{ResponseWords.Logprobs}\".", "top_logprobs");
        if (top is { } number) json.WriteNumber("top_logprobs", number);
        if (tellsLogprobs) json.WriteBoolean("logprobs", true);
    }

    /// <summary>Encrypted reasoning is asked for to be sent back; here reasoning is sent back as it is.</summary>
    /// <returns>Whether log-probabilities are to be told.</returns>
    private static bool ReadInclude(Fields body)
    {
        string[] wanted = body.Texts("include") ?? [];
        RequireKnown(wanted);
        return wanted.Contains(ResponseWords.Logprobs);
    }

    /// <exception cref="ApiException">Something is wanted that no response here has.</exception>
    public static void RequireKnown(IReadOnlyList<string> include)
    {
        foreach ((int index, string name) in include.Index())
        {
            if (!ResponseWords.Include.Contains(name)) throw ApiException.BadRequest($"include[{index}] is \"{Fields.Cut(name)}\"; {string.Join(" and ", ResponseWords.Include)} are known.", $"include[{index}]");
        }
    }
}
