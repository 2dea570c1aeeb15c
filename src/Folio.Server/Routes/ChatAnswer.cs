using Folio.Chat;
using Folio.Engine;

namespace Folio.Server;

/// <summary>One choice of a chat, gathered until it is whole: its tokens, and the message that its text is.</summary>
internal sealed class ChatAnswer(ChatChoiceReader reader)
{
    public ChatChoiceReader Reader => reader;

    public Answer Tokens { get; } = new();

    public AssembledMessage Message { get; } = new();

    public void Add(GenerationOutput output)
    {
        Tokens.Add(output);
        foreach (MessageDelta delta in reader.Read(output)) Message.Add(delta);
    }
}
