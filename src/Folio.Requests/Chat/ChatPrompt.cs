using System.Text.Json;
using Folio.Chat;
using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Requests;

/// <summary>A conversation rendered by the model's template. What its messages bring in stays plain text: no user can forge a turn by writing a mark.</summary>
internal sealed class ChatPrompt : IDisposable
{
    /// <summary>What templates know as thinking that is wanted: enable_thinking is Qwen's, GLM's and SmolLM3's, thinking DeepSeek's and Granite's.</summary>
    public static readonly string[] ThinkingWords = ["enable_thinking", "thinking"];

    /// <summary>OpenAI's efforts.</summary>
    public static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    private readonly RenderedPrompt _rendered;
    private readonly ChatMessages _messages;

    private ChatPrompt(RenderedPrompt rendered, ChatMessages messages, string continued) => (_rendered, _messages, Continued) = (rendered, messages, continued);

    public string Text => _rendered.Text;

    /// <summary>The characters that came from the request.</summary>
    public IReadOnlyList<TextSpan> InputSpans => _rendered.InputSpans;

    /// <summary>The last message's text, where its continuation was asked for; else "".</summary>
    public string Continued { get; }

    /// <summary>Reads messages, tools, documents, add_generation_prompt, continue_final_message, chat_template and chat_template_kwargs.</summary>
    public static ChatPrompt Read(Fields body, ServedModel served)
    {
        RequireTemplate(body, served);
        bool generate = body.Flag("add_generation_prompt") ?? true;
        bool proceed = body.Flag("continue_final_message") ?? false;
        if (proceed && generate && body.Has("add_generation_prompt"))
        {
            throw ApiException.BadRequest("Cannot set both `continue_final_message` and `add_generation_prompt` to True.", "continue_final_message");
        }

        ChatMessages messages = ReadMessages(body, served);
        try
        {
            return new(Render(body, served, messages, generate && !proceed, proceed), messages, proceed ? messages.FinalText : "");
        }
        catch
        {
            messages.Dispose();
            throw;
        }
    }

    /// <summary>The body's messages, for the template that will read them.</summary>
    public static ChatMessages ReadMessages(Fields body, ServedModel served) => ChatMessages.Read(body, RequireTemplate(body, served).Source);

    /// <summary>Renders messages with the body's tools, documents and chat_template_kwargs.</summary>
    public static RenderedPrompt Render(Fields body, ServedModel served, ChatMessages messages, bool addGenerationPrompt, bool continueFinalMessage)
    {
        ChatTemplate template = RequireTemplate(body, served);
        JsonElement? tools = Tools(body);
        bool knowsTools = template.Source.Contains("tools", StringComparison.Ordinal);
        try
        {
            return template.Render(new()
            {
                Messages = knowsTools ? messages.Element : ToolPreamble.Write(messages.Element, IsToolChoiceNone(body) ? null : tools, (served.Format.Tools ?? ToolFormat.Hermes).Frame),
                Tools = tools,
                Documents = body.List("documents"),
                AddGenerationPrompt = addGenerationPrompt,
                ContinueFinalMessage = continueFinalMessage,
                Kwargs = Kwargs(body, template.Source),
                BosToken = served.Info.BosToken,
                EosToken = served.Info.EosToken,
            });
        }
        catch (TemplateException error)
        {
            throw ApiException.BadRequest($"The chat template refused this conversation: {error.Message}", "messages");
        }
    }

    /// <param name="served">Its tokenizer encodes.</param>
    /// <param name="answer">Its truncation is applied.</param>
    /// <param name="addSpecial">Templates write BOS themselves, so by default it isn't added again.</param>
    public int[] Encode(ServedModel served, AnswerFields answer, bool addSpecial)
    {
        served.RequireEncodable(Text, answer.TruncatePromptTokens, "messages");
        int[] ids = served.RequireTokenizer("messages").Encode(Text, InputSpans, addSpecial);
        return ids.Length > 0 ? answer.Truncate(ids, served.Info.MaxModelLen) : throw ApiException.BadRequest("The chat template made an empty prompt of these messages.", "messages");
    }

    public void Dispose() => _messages.Dispose();

    private static ChatTemplate RequireTemplate(Fields body, ServedModel served)
    {
        served.RequireTokenizer("messages");
        if (body.Text("chat_template") is { } own) return ParseOwn(own, served);
        return served.Template ?? throw ApiException.BadRequest(
            $"This model has no chat template{(served.Info.ChatTemplateError is { } fault ? $" that can be used ({fault})" : "")}, so it can't take messages; send the prompt to /v1/completions.",
            "messages");
    }

    private static ChatTemplate ParseOwn(string source, ServedModel served)
    {
        if (!served.Options.TrustRequestChatTemplate) throw ApiException.BadRequest("chat_template isn't accepted from requests: the model's own is used, unless the server runs with --trust-request-chat-template (TrustRequestChatTemplate).", "chat_template");
        try
        {
            return ChatTemplate.Parse(source);
        }
        catch (TemplateException error)
        {
            throw ApiException.BadRequest($"chat_template can't be used: {error.Message}", "chat_template");
        }
    }

    private static bool IsToolChoiceNone(Fields body) => body.Get("tool_choice") is { ValueKind: JsonValueKind.String } choice && choice.ValueEquals("none");

    private static JsonElement? Tools(Fields body) => body.List("tools") is { } tools && tools.GetArrayLength() > 0 ? tools : null;

    /// <summary>chat_template_kwargs, with OpenAI's reasoning_effort among them for the templates that read it; an effort of none is thinking that isn't enabled, too. What the kwargs say themselves stays.</summary>
    /// <exception cref="ApiException">The effort is none of OpenAI's, nor one that the template compares with.</exception>
    private static JsonElement? Kwargs(Fields body, string template)
    {
        JsonElement? kwargs = body.Object("chat_template_kwargs")?.Element;
        if (body.Text("reasoning_effort") is not { } effort) return kwargs;
        if (!MessageMembers.IsQuoted(template, effort)) body.OneOf("reasoning_effort", Efforts);

        return JsonElement.Parse(WrittenJson.Bytes(writer =>
        {
            writer.WriteStartObject();
            if (IsOpen("reasoning_effort")) writer.WriteString("reasoning_effort", effort);
            if (effort == "none")
            {
                foreach (string name in ThinkingWords.Where(IsOpen)) writer.WriteBoolean(name, false);
            }

            if (kwargs is { } given)
            {
                foreach (JsonProperty entry in given.EnumerateObject()) entry.WriteTo(writer);
            }

            writer.WriteEndObject();
        }));

        bool IsOpen(string name) => kwargs?.TryGetProperty(name, out _) != true;
    }
}
