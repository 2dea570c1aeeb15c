namespace Folio.Chat;

/// <summary>How a model writes its messages.</summary>
/// <param name="Tools">The form of its tool calls; null: none is known.</param>
/// <param name="Reasoning">The form of its reasoning; null: it writes none.</param>
public sealed record MessageFormat(ToolFormat? Tools, ReasoningFormat? Reasoning)
{
    private bool IsHarmony => Tools == ToolFormat.Harmony || Reasoning == ReasoningFormat.Harmony;

    /// <summary>What a model's chat template tells of its format.</summary>
    public static MessageFormat Of(string template) => new(ToolFormat.Of(template), ReasoningFormat.Of(template));

    /// <summary>Marks that must reach the parser as text, although tokenizers may have them as special tokens.</summary>
    /// <param name="calls">Calls are looked for.</param>
    public IEnumerable<string> Marks(bool calls)
    {
        if (IsHarmony) return ToolFormat.Harmony.Marks;
        IEnumerable<string> reasoning = Reasoning is null ? [] : Reasoning.Opens.Concat(Reasoning.Closes);
        return calls && Tools is not null ? reasoning.Concat(Tools.Marks) : reasoning;
    }

    /// <summary>Whether a prompt ends inside the reasoning: with its opening mark.</summary>
    public bool IsOpenAfter(string prompt) => Reasoning is not null && Reasoning.Opens.Any(mark => prompt.AsSpan().TrimEnd().EndsWith(mark, StringComparison.Ordinal));

    /// <summary>A parser for one answer.</summary>
    public MessageParser CreateParser(ParserOptions? options = null)
    {
        options ??= new();
        ToolFormat? tools = options.IsForced ? Tools?.Forced : Tools;
        var message = new MessageWriter(options, options.NewCallId ?? Tools?.NewCallId ?? ToolCallIds.New);
        if (IsHarmony) return new(message, ToolFormat.Harmony.NewReader(message, options));
        message.InReasoning = options.ReasoningIsOpen && Reasoning is not null;

        Reader calls = options.Tools is null || tools is null ? new PlainReader(message) : tools.NewReader(message, options);
        return new(message, Reasoning is null ? calls : new ReasoningReader(message, Reasoning, options.ReasoningIsOpen, calls));
    }
}
