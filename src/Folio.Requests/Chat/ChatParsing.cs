using Folio.Chat;

namespace Folio.Requests;

/// <summary>How the text of a chat's answers is taken apart: reasoning, content, tool calls.</summary>
/// <param name="Format">How the model writes them.</param>
/// <param name="Options">Null: nothing is to be looked for, all text is content.</param>
/// <param name="Marks">The format's marks that are special tokens of the model, which the parser must see.</param>
/// <param name="TellsReasoning">The client wants to read it.</param>
internal sealed record ChatParsing(MessageFormat Format, ParserOptions? Options, IReadOnlyCollection<int> Marks, bool TellsReasoning)
{
    /// <summary>The model marks its reasoning, so that it can be counted.</summary>
    public bool CountsReasoning => Format.Reasoning is not null;

    /// <summary>The answer must be tool calls.</summary>
    public bool IsForced => Options?.IsForced ?? false;

    /// <param name="prompt">The rendered conversation: it may have opened the reasoning.</param>
    public static ChatParsing For(Fields body, ServedModel served, ToolFields tools, string prompt)
    {
        bool tellsReasoning = body.Flag("include_reasoning") ?? true;
        MessageFormat format = served.Format;
        bool calls = tools.Choice != ToolChoice.None && format.Tools is not null;
        if (!calls && format.Reasoning is null) return new(format, null, [], tellsReasoning);
        var options = new ParserOptions
        {
            Tools = calls ? [.. tools.Offered.Where(tool => tools.Allowed is null || tools.MayCall(tool))] : null,
            ReasoningIsOpen = format.IsOpenAfter(prompt),
            IsForced = tools.IsForced,
            MaxCalls = tools.Parallel ? int.MaxValue : 1,
        };
        return new(format, options, [.. MarkTokens.Of(format, calls, served.Info.Tokenizer).Ids], tellsReasoning);
    }

    /// <summary>A reader for one of the choices.</summary>
    public ChatChoiceReader NewReader() => new(Options is null ? null : Format.CreateParser(Options), TellsReasoning);
}
