using Folio.Chat;
using Folio.Engine;

namespace Folio.Requests;

/// <summary>Reads one choice of a chat while it is generated: its text becomes deltas, its reasoning is counted.</summary>
/// <param name="parser">Null: all text is content.</param>
/// <param name="tellsReasoning">Reasoning is for the client, too.</param>
internal sealed class ChatChoiceReader(MessageParser? parser, bool tellsReasoning)
{
    private int _read; // characters, where there is no parser

    public int Tokens { get; private set; }

    /// <summary>Of the tokens, those of the reasoning, its marks among them.</summary>
    public int ReasoningTokens { get; private set; }

    public bool HasCalls => parser?.Calls > 0;

    public IReadOnlyList<MessageDelta> Read(GenerationOutput output)
    {
        Tokens += output.TokenIds.Count;
        if (parser is null) return output.Text.Length == 0 ? [] : [new(DeltaKind.Content, output.Text) { Start = _read, End = _read += output.Text.Length }];
        bool wasInReasoning = parser.InReasoning;
        IReadOnlyList<MessageDelta> deltas = parser.Append(output.Text);
        if (wasInReasoning || parser.InReasoning) ReasoningTokens += output.TokenIds.Count;
        if (output.FinishReason is not null) deltas = [.. deltas, .. parser.End()];
        return tellsReasoning ? deltas : [.. deltas.Where(delta => delta.Kind != DeltaKind.Reasoning)];
    }

    /// <summary>OpenAI's word for what ended the choice.</summary>
    public string NameOf(FinishReason reason) => reason == FinishReason.Stop && HasCalls ? "tool_calls" : StopReason.Name(reason);
}
