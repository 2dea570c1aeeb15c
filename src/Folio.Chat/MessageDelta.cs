namespace Folio.Chat;

/// <summary>What a delta adds to.</summary>
public enum DeltaKind
{
    /// <summary>The text for the reader.</summary>
    Content,

    /// <summary>The model's thoughts before its answer.</summary>
    Reasoning,

    /// <summary>A tool call begins: its name and id.</summary>
    Call,

    /// <summary>A tool call's arguments: JSON text, in pieces.</summary>
    Arguments,
}

/// <summary>What a message has gained.</summary>
/// <param name="Text">A piece of text; of <see cref="DeltaKind.Call"/>, the name of the tool.</param>
/// <param name="Index">Which call, from 0; of content and reasoning, −1.</param>
/// <param name="Id">The call's id, on <see cref="DeltaKind.Call"/> only.</param>
public readonly record struct MessageDelta(DeltaKind Kind, string Text, int Index = -1, string? Id = null)
{
    /// <summary>Where the text of content and reasoning begins in the answer, in characters; of others −1.</summary>
    public int Start { get; init; } = -1;

    /// <summary>Where it ends.</summary>
    public int End { get; init; } = -1;
}
