using Folio.Chat;
using Folio.Engine;

namespace Folio.Requests;

/// <summary>A body of /v1/chat/completions, understood.</summary>
/// <param name="Model">The name to answer with.</param>
/// <param name="Prompt">The conversation as the model reads it.</param>
/// <param name="TopLogprobs">Null: no log-probabilities were asked for.</param>
/// <param name="Continued">The text of the last message, where echo asks for it in front of its continuation; else "".</param>
/// <param name="Parsing">How the answer's text is taken apart.</param>
internal sealed record ChatRequest(string Model, Prompt Prompt, SamplingParams Sampling, AnswerFields Answer, Caller Caller, int? TopLogprobs, string Continued, ChatParsing Parsing)
{
    /// <summary>What each answer must obey; null: nothing.</summary>
    public StructuredOutput? Structure { get; private init; }

    /// <param name="holder">Whose key it came with.</param>
    public static ChatRequest Read(Fields body, ServedModel served, Holder holder)
    {
        FieldPolicies.Chat.Check(body);
        string model = served.Resolve(body.Text("model"));
        StructuredOutput? structure = StructuredOutput.Read(body);
        RequireTextOnly(body);
        var tools = ToolFields.Read(body);
        var marks = MarkTokens.Of(served.Format, calls: true, served.Info.Tokenizer);
        structure = WithCalls(structure, tools, served.Format, marks);
        AnswerFields answer = AnswerFields.Read(body, served.Info.Tokenizer is not null);
        int? top = ReadTopLogprobs(body, served);
        CompletionRequest.ReadLogprobs(body, "prompt_logprobs", served);

        string maxTokensField = body.Has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
        int? maxTokens = body.Integer(maxTokensField);
        if (maxTokens < 1) throw ApiException.BadRequest($"{maxTokensField} must be at least 1, got {maxTokens}.", maxTokensField);

        using ChatPrompt chat = ChatPrompt.Read(body, served);
        int[] ids = chat.Encode(served, answer, addSpecial: body.Flag("add_special_tokens") ?? false);
        var parsing = ChatParsing.For(body, served, tools, chat.Text);
        if (parsing is { Options: { } options, Format.Reasoning: { } reasoning }) structure = structure?.Behind(reasoning, options.ReasoningIsOpen, marks);
        SamplingParams sampling = SamplingFields.Read(body, served.Info) with
        {
            MaxTokens = maxTokens ?? DefaultMaxTokens(served.Info, ids.Length),
            Logprobs = top,
            ShownSpecialTokens = parsing.Marks,
        };
        if (answer.Stream) SamplingFields.RequireStreamable(sampling);
        return new(model, new(ids, chat.Text), sampling, answer, Caller.Read(body, served, holder), top, answer.Echo ? chat.Continued : "", parsing) { Structure = structure };
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

    /// <summary>Calls that are asked for take the place of any other form of the answer; calls that may be made stand beside it.</summary>
    private static StructuredOutput? WithCalls(StructuredOutput? structure, ToolFields tools, MessageFormat format, MarkTokens marks)
    {
        if (tools.IsForced) return CallGrammar.Of(tools, format, marks);
        return structure is null || tools.Choice == ToolChoice.None || format.Tools is null ? structure : structure.Or(CallGrammar.Of(tools, format, marks));
    }

    private static void RequireTextOnly(Fields body)
    {
        if (body.Texts("modalities") is { } modalities && modalities is not ["text"]) throw ApiException.BadRequest("modalities other than [\"text\"] aren't supported: this model writes text.", "modalities");
    }
}
