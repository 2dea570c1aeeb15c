using System.Text.Json;
using Folio.Engine;

namespace Folio.Server;

/// <summary>A body of /v1/chat/completions, understood.</summary>
/// <param name="Model">The name to answer with.</param>
/// <param name="Prompt">The conversation as the model reads it.</param>
/// <param name="TopLogprobs">Null: no log-probabilities were asked for.</param>
/// <param name="Continued">The text of the last message, where echo asks for it in front of its continuation; else "".</param>
internal sealed record ChatRequest(string Model, Prompt Prompt, SamplingParams Sampling, AnswerFields Answer, Caller Caller, int? TopLogprobs, string Continued)
{
    /// <param name="holder">Whose key it came with (<see cref="Gate.HolderOf"/>).</param>
    public static ChatRequest Read(Fields body, ServedModel served, string holder)
    {
        FieldPolicies.Chat.Check(body);
        string model = served.Resolve(body.Text("model"));
        CompletionRequest.RequireText(body);
        RequireTextOnly(body);
        RequireNoToolCalls(body);
        AnswerFields answer = AnswerFields.Read(body, served.Info.Tokenizer is not null);
        int? top = ReadTopLogprobs(body, served);
        CompletionRequest.ReadLogprobs(body, "prompt_logprobs", served);

        string maxTokensField = body.Has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
        int? maxTokens = body.Integer(maxTokensField);
        if (maxTokens < 1) throw ApiException.BadRequest($"{maxTokensField} must be at least 1, got {maxTokens}.", maxTokensField);

        using ChatPrompt chat = ChatPrompt.Read(body, served);
        int[] ids = chat.Encode(served, answer, addSpecial: body.Flag("add_special_tokens") ?? false);
        SamplingParams sampling = SamplingFields.Read(body, served.Info) with
        {
            MaxTokens = maxTokens ?? DefaultMaxTokens(served.Info, ids.Length),
            Logprobs = top,
        };
        if (answer.Stream) SamplingFields.RequireStreamable(sampling);
        return new(model, new(ids, chat.Text), sampling, answer, Caller.Read(body, served, holder), top, answer.Echo ? chat.Continued : "");
    }

    /// <summary>generation_config.json's max_new_tokens where there is room for it; else the room, which null means.</summary>
    private static int? DefaultMaxTokens(ModelInfo model, int promptLength) =>
        model.Defaults.MaxNewTokens is { } most && most <= model.MaxModelLen - promptLength ? most : null;

    private static int? ReadTopLogprobs(Fields body, ServedModel served)
    {
        bool wanted = body.Flag("logprobs") ?? false;
        int? top = CompletionRequest.ReadLogprobs(body, "top_logprobs", served);
        if (top > 0 && !wanted) throw ApiException.BadRequest("When using `top_logprobs`, `logprobs` must be set to true.", "top_logprobs");
        return wanted ? top ?? 0 : null;
    }

    private static void RequireTextOnly(Fields body)
    {
        if (body.Texts("modalities") is { } modalities && modalities is not ["text"]) throw ApiException.BadRequest("modalities other than [\"text\"] aren't supported: this model writes text.", "modalities");
    }

    /// <summary>
    /// Tools go into the prompt only where the client has said that it expects no calls (<c>tool_choice</c> "none"): until calls are parsed, a call would come back as plain text, which no client expects.
    /// </summary>
    private static void RequireNoToolCalls(Fields body)
    {
        bool none = body.Get("tool_choice") is { ValueKind: JsonValueKind.String } choice && choice.GetString() == "none";
        bool hasTools = body.List("tools") is { } tools && tools.GetArrayLength() > 0;
        if (none || (!hasTools && !body.Has("tool_choice"))) return;
        string asked = body.Has("tool_choice") ? "tool_choice other than \"none\"" : "tools with tool_choice \"auto\", its default,";
        throw ApiException.BadRequest($"{asked} isn't supported by this server yet; tool_choice \"none\" is.", "tool_choice");
    }
}
