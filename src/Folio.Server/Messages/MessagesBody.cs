using System.Text.Json;

namespace Folio.Server;

/// <summary>A body of /v1/messages or of its count_tokens as the body of the chat that it asks for: what one route understands, both do.</summary>
internal static class MessagesBody
{
    /// <summary>Inside a body's 64 levels stand schemas and inputs, which a chat's body has a few levels deeper.</summary>
    private const int MaxDepth = 128;

    /// <summary>The chat's body.</summary>
    /// <param name="names">Gains what the chat calls otherwise.</param>
    /// <exception cref="ApiException">The first field that can't be used.</exception>
    public static JsonDocument ToChat(Fields body, FieldNames names)
    {
        byte[] chat = WrittenJson.Bytes(writer =>
        {
            writer.WriteStartObject();
            foreach (string name in FieldPolicies.MessagesAsChat) Copy(body, name, name, writer);
            if (body.Integer("max_tokens") is { } maxTokens) writer.WriteNumber("max_tokens", int.Max(maxTokens, 1));
            body.Texts("stop_sequences");
            Copy(body, "stop_sequences", "stop", writer);
            names.Add("stop", "stop_sequences");
            WriteUser(body, writer);
            body.Object("cache_control"); // what is asked twice is found without being marked

            var conversation = MessagesConversation.Read(body);
            conversation.Write(writer);
            if (conversation.IsContinued) writer.WriteBoolean("continue_final_message", true);
            MessagesTools.Write(body, writer, names);
            WriteThinking(body, writer);
            WriteOutput(body, writer, names);
            writer.WriteEndObject();
        });
        return JsonDocument.Parse(chat, new() { MaxDepth = MaxDepth });
    }

    private static void WriteUser(Fields body, Utf8JsonWriter writer)
    {
        if (body.Object("metadata") is not { } metadata) return;
        metadata.RequireKnown("user_id");
        if (metadata.Text("user_id") is { } user) writer.WriteString("user", user);
    }

    private static void Copy(Fields body, string name, string chatName, Utf8JsonWriter writer)
    {
        if (body.Get(name) is not { } value) return;
        writer.WritePropertyName(chatName);
        value.WriteTo(writer);
    }

    /// <summary>Thinking is switched by the template's own words, which differ; those that it doesn't read change nothing.</summary>
    private static void WriteThinking(Fields body, Utf8JsonWriter writer)
    {
        JsonElement? given = body.Object("chat_template_kwargs")?.Element;
        (bool? thinks, int? budget) = ReadThinking(body);
        if (thinks == false) writer.WriteBoolean("include_reasoning", false);
        if (given is null && thinks is null) return;

        writer.WriteStartObject("chat_template_kwargs");
        if (thinks is { } isOn)
        {
            foreach (string name in ChatPrompt.ThinkingWords.Where(IsFree)) writer.WriteBoolean(name, isOn);
            if (budget is { } tokens && IsFree("thinking_budget")) writer.WriteNumber("thinking_budget", tokens); // Seed-OSS
        }

        foreach (JsonProperty entry in given?.EnumerateObject() ?? default) entry.WriteTo(writer);
        writer.WriteEndObject();

        bool IsFree(string name) => given?.TryGetProperty(name, out _) != true;
    }

    /// <returns>Whether the model is to think, null: as its template has it; and how many tokens it should take, null: as many as it likes.</returns>
    private static (bool? Thinks, int? Budget) ReadThinking(Fields body)
    {
        if (body.Object("thinking") is not { } thinking) return (null, null);
        thinking.RequireKnown("type", "budget_tokens", "display");
        string type = thinking.RequiredText("type");
        thinking.OneOf("display", MessagesWords.Displays);
        switch (type)
        {
            case MessagesWords.Disabled:
                return (false, 0);
            case MessagesWords.Adaptive:
                return (true, null);
            case MessagesWords.Enabled:
                int budget = thinking.Integer("budget_tokens") ?? throw thinking.Missing("budget_tokens", $"a number of tokens, {MessagesWords.LeastThinkingBudget} or more,");
                if (budget < MessagesWords.LeastThinkingBudget) throw ApiException.BadRequest($"thinking.budget_tokens must be at least {MessagesWords.LeastThinkingBudget}, got {budget}.", "thinking.budget_tokens");
                if (budget >= body.Integer("max_tokens")) throw ApiException.BadRequest($"thinking.budget_tokens ({budget}) must be below max_tokens ({body.Integer("max_tokens")}).", "thinking.budget_tokens");
                return (true, budget);
            default:
                throw ApiException.BadRequest($"thinking.type is \"{Fields.Cut(type)}\"; {MessagesWords.Enabled}, {MessagesWords.Adaptive} or {MessagesWords.Disabled} was expected.", "thinking.type");
        }
    }

    /// <summary>output_config, and the older output_format in its stead.</summary>
    private static void WriteOutput(Fields body, Utf8JsonWriter writer, FieldNames names)
    {
        Fields? config = body.Object("output_config");
        config?.RequireKnown("effort", "format");
        if (config?.OneOf("effort", MessagesWords.Efforts) is { } effort) writer.WriteString("reasoning_effort", effort is "xhigh" or "max" ? "high" : effort); // more than high no template knows

        Fields? format = config?.Object("format"), older = body.Object("output_format");
        if (format is not null && older is not null) throw ApiException.BadRequest("output_format and output_config.format can't both be obeyed; one was expected.", "output_format");
        if ((format ?? older) is not { } wanted) return;
        wanted.RequireKnown("type", "schema");
        string type = wanted.RequiredText("type");
        if (type != "json_schema") throw ApiException.BadRequest($"{wanted.Path("type")} is \"{Fields.Cut(type)}\"; json_schema was expected.", wanted.Path("type"));
        Fields schema = wanted.RequiredObject("schema", "a JSON schema");
        names.Add("response_format", wanted.Path("")[..^1]);
        writer.WriteStartObject("response_format");
        writer.WriteString("type", "json_schema");
        writer.WriteStartObject("json_schema");
        writer.WritePropertyName("schema");
        schema.Element.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
