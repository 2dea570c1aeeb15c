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
    /// <param name="cancellation">Nobody waits for the answer.</param>
    public static ResponseChat Read(Fields body, ResponseConversation conversation, bool mayCut, ServedModel served, Holder holder, FieldNames names, CancellationToken cancellation)
    {
        ResponseTools tools = null!;
        JsonElement text = default;
        JsonElement? reasoning = null;
        JsonElement rest = JsonElement.Parse(
            WrittenJson.Bytes(json =>
            {
                json.WriteStartObject();
                tools = ResponseTools.Read(body, json, names);
                text = ResponseText.Read(body, json, names);
                reasoning = ResponseReasoning.Read(body, json, names);
                WriteRest(body, json, names);
                json.WriteEndObject();
            }),
            new() { MaxDepth = MaxDepth });

        int room = served.Info.MaxModelLen - (body.Integer("max_output_tokens") ?? 1);
        int? tokens = null;
        try
        {
            ResponseChat whole = At(0);
            if (!mayCut || whole.Request.Prompt.Ids.Length <= room) return whole;
            tokens = whole.Request.Prompt.Ids.Length;
        }
        catch (ApiException error) when (mayCut && error.IsPromptTooLong)
        {
            // it is cut below
        }

        return At(new ResponseTruncation(conversation.Cuts(), room, first => Measure(conversation, first, body, rest, served)).Find(tokens, cancellation));

        ResponseChat At(int first)
        {
            using JsonDocument chat = Write(conversation, first, body, rest, names);
            return new(ChatRequest.Read(new(chat.RootElement), served, holder), tools, text, reasoning);
        }
    }

    /// <summary>Tokens of the conversation from an item on; null: more than the context could hold.</summary>
    private static int? Measure(ResponseConversation conversation, int first, Fields body, JsonElement rest, ServedModel served)
    {
        using JsonDocument chat = Write(conversation, first, body, rest, new());
        Fields fields = new(chat.RootElement);
        try
        {
            using ChatPrompt prompt = ChatPrompt.Read(fields, served);
            return prompt.Encode(served, AnswerFields.Read(fields, hasTokenizer: true), addSpecial: false).Length;
        }
        catch (ApiException error) when (error.IsPromptTooLong)
        {
            return null;
        }
    }

    /// <param name="rest">The chat's fields but for its messages.</param>
    private static JsonDocument Write(ResponseConversation conversation, int first, Fields body, JsonElement rest, FieldNames names)
    {
        byte[] chat = WrittenJson.Bytes(json =>
        {
            json.WriteStartObject();
            names.Add("messages", "input");
            conversation.Write(json, names, body.Text("instructions"), first);
            foreach (JsonProperty field in rest.EnumerateObject()) field.WriteTo(json);
            json.WriteEndObject();
        });
        return JsonDocument.Parse(chat, new() { MaxDepth = MaxDepth });
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
