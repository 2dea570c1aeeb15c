namespace Folio.Chat;

/// <summary>What is known of an answer before it begins.</summary>
public sealed record ParserOptions
{
    /// <summary>The tools that the model was offered. Null: calls aren't looked for, and what looks like one is text.</summary>
    /// <remarks>
    /// A call of one of these is told as it is written, its arguments in pieces. Any other text in the form of a call is held back until it is whole: then it is a call of an
    /// unknown name, and where it never gets whole, it is content, unchanged.
    /// </remarks>
    public IReadOnlyList<ToolDefinition>? Tools { get; init; }

    /// <summary>The prompt ended inside the reasoning: its opening mark is there.</summary>
    public bool ReasoningIsOpen { get; init; }

    /// <summary>A grammar holds the answer to calls: nothing of it is content, however early it is cut off.</summary>
    public bool IsForced { get; init; }

    /// <summary>Calls after so many are dropped.</summary>
    public int MaxCalls { get; init; } = int.MaxValue;

    /// <summary>Names a call; null: the format's way, at random.</summary>
    public Func<string>? NewCallId { get; init; }
}
