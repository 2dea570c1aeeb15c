using System.Text.Json;
using Folio.Chat;
using Folio.Engine;

namespace Folio.Server;

/// <summary>A body of /v1/messages, understood: the chat that it asks for, and how to tell the answer.</summary>
/// <param name="OmitsThinking">Of what the model thinks, only the signature is wanted.</param>
/// <param name="PromptOnly">max_tokens is 0: the prompt is to be cached, and nothing answered. One token is computed, since a forward pass yields it, and thrown away.</param>
/// <param name="EndsWithContext">max_tokens is more than the context, or the cache beside what is pinned, has room for: where it ends, so does the answer.</param>
internal sealed record MessagesRequest(ChatRequest Chat, bool OmitsThinking, bool PromptOnly, bool EndsWithContext)
{
    /// <param name="holder">Whose key it came with (<see cref="Gate.HolderOf"/>).</param>
    /// <param name="names">Gains what the chat calls otherwise: its errors are to be translated.</param>
    public static MessagesRequest Read(Fields body, ServedModel served, Holder holder, FieldNames names)
    {
        FieldPolicies.Messages.Check(body);
        int maxTokens = body.Integer("max_tokens") ?? throw body.Missing("max_tokens", "a number of tokens");
        if (maxTokens < 0) throw ApiException.BadRequest($"max_tokens must be at least 0, got {maxTokens}.", "max_tokens");

        using JsonDocument chatBody = MessagesBody.ToChat(body, names);
        ChatRequest chat = WithItsIds(ChatRequest.Read(new(chatBody.RootElement), served, holder));
        int prompt = chat.Prompt.Ids.Length;
        bool endsWithContext = (long)prompt + maxTokens > served.Engine.LongestFor(prompt);
        if (endsWithContext) chat = chat with { Sampling = chat.Sampling with { MaxTokens = null } };
        bool omitsThinking = body.Object("thinking")?.Text("display") == MessagesWords.Omitted;
        return new(chat, omitsThinking, PromptOnly: maxTokens == 0, endsWithContext);
    }

    /// <summary>How many tokens a body's prompt has.</summary>
    /// <param name="names">As above.</param>
    public static int CountTokens(Fields body, ServedModel served, FieldNames names)
    {
        FieldPolicies.CountTokens.Check(body);
        served.Resolve(body.Text("model"));
        using JsonDocument chatBody = MessagesBody.ToChat(body, names);
        var chat = new Fields(chatBody.RootElement);
        ToolFields.Read(chat);
        using ChatPrompt prompt = ChatPrompt.Read(chat, served);
        return served.RequireTokenizer("messages").Encode(TokenizeRequest.Bounded(prompt.Text, served), prompt.InputSpans, addSpecialTokens: false).Length;
    }

    /// <summary>Anthropic's word for what ended the answer.</summary>
    /// <param name="stop">The stop string or id, or nothing.</param>
    public string StopReasonOf(FinishReason reason, StopReason stop, bool hasCalls) => reason switch
    {
        FinishReason.Length when EndsWithContext => "model_context_window_exceeded",
        FinishReason.Length => "max_tokens",
        _ when stop.Value is string => "stop_sequence",
        _ => hasCalls ? "tool_use" : "end_turn",
    };

    /// <summary>Calls are named in Anthropic's form, unless the model's templates insist on their own.</summary>
    private static ChatRequest WithItsIds(ChatRequest chat) =>
        chat.Parsing is not { Options: { } options, Format.Tools: { } tools } parsing || tools.NewCallId != ToolCallIds.New ? chat
        : chat with { Parsing = parsing with { Options = options with { NewCallId = ToolCallIds.NewAnthropic } } };
}
