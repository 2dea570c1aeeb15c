namespace Folio.Chat;

/// <summary>Turns one answer's text, in pieces of any size, into what its message gains. One parser an answer; not thread-safe.</summary>
/// <remarks>
/// However the text is cut into pieces, the deltas joined are the same. Text that could begin a mark is held back until it is certain; what turns out to be no mark is content.
/// Takes time linear in the text, and never fails, whatever the text is.
/// </remarks>
public sealed class MessageParser
{
    private readonly MessageWriter _message;
    private readonly Reader _first;

    internal MessageParser(MessageWriter message, Reader first) => (_message, _first) = (message, first);

    /// <summary>Calls begun so far.</summary>
    public int Calls => _message.Calls;

    /// <summary>The text that comes now is reasoning.</summary>
    public bool InReasoning => _message.InReasoning;

    /// <summary>Takes the next piece.</summary>
    /// <returns>What is certain now and was not before; often nothing.</returns>
    public IReadOnlyList<MessageDelta> Append(ReadOnlySpan<char> text)
    {
        _first.Append(text);
        return _message.Drain();
    }

    /// <summary>No more text will come: what was held back is decided.</summary>
    public IReadOnlyList<MessageDelta> End()
    {
        _first.End();
        _message.End();
        return _message.Drain();
    }
}
