using Folio.Chat;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Reads one answer of /v1/messages while it is generated: what happens to its blocks, what ended it, what it costs.</summary>
internal sealed class MessagesAnswer(MessagesRequest request, string id)
{
    private readonly ChatChoiceReader _reader = request.Chat.Parsing.NewReader();
    private readonly BlockSplitter _blocks = new(request.OmitsThinking);
    private MessageEnd? _end;

    /// <summary>What ended it; only once it has ended.</summary>
    public MessageEnd End => _end ?? throw new InvalidOperationException("the answer has not ended");

    /// <returns>What has happened to its blocks.</returns>
    public IReadOnlyList<BlockEvent> Read(GenerationOutput output)
    {
        IReadOnlyList<MessageDelta> deltas = _reader.Read(output);
        if (output.FinishReason is { } reason) _end = EndOf(reason, new(output.StopReason));
        if (request.PromptOnly) return [];
        foreach (MessageDelta delta in deltas) _blocks.Add(delta);
        if (_end is not null) _blocks.End();
        return _blocks.Drain();
    }

    /// <summary>The message with these blocks; before the end, how it begins.</summary>
    /// <param name="cached">Of the prompt's tokens, those that were found in the cache.</param>
    public MessagesResponse Message(IReadOnlyList<ContentBlock> blocks, int cached) =>
        new(id, "message", "assistant", blocks, request.Chat.Model, _end?.StopReason, _end?.StopSequence, StopDetails: null, Container: null, Diagnostics: null, Usage(cached));

    /// <summary>What it has cost so far.</summary>
    public MessagesUsage Usage(int cached) => MessagesUsage.Of(
        request.Chat.Prompt.Ids.Length,
        cached,
        request.PromptOnly ? 0 : _reader.Tokens,
        request.Chat.Parsing.CountsReasoning ? request.PromptOnly ? 0 : _reader.ReasoningTokens : null);

    private MessageEnd EndOf(FinishReason reason, StopReason stop)
    {
        string word = request.PromptOnly ? "max_tokens" : request.StopReasonOf(reason, stop, _reader.HasCalls);
        return new(word, word == "stop_sequence" ? stop.Value as string : null, StopDetails: null, Container: null);
    }
}
