using System.Collections.Concurrent;

namespace Folio.Engine;

internal enum MessageKind
{
    Submit,

    /// <summary>Does something between two steps.</summary>
    Call,

    /// <summary>Ends the group: its client is gone.</summary>
    Cancel,

    /// <summary>Ends one sequence: whoever reads its text has seen a stop string.</summary>
    StopSequence,
}

/// <param name="Call">Called on the loop's thread with null; or, once the loop has ended, on some thread with the reason why nothing may be done.</param>
internal readonly record struct InboxMessage(MessageKind Kind, SequenceGroup? Group, int Index, Action<Exception?>? Call = null);

/// <summary>How other threads reach the loop: messages in the order of their posting, and a bell that wakes it.</summary>
/// <remarks>Once closed, nobody reads; whoever posts after that finds its message back with <see cref="TryTake"/>.</remarks>
internal sealed class RequestInbox
{
    private readonly ConcurrentQueue<InboxMessage> _messages = new();
    private readonly object _bell = new();
    private volatile bool _rung;
    private volatile bool _closed;

    public bool Closed => _closed;

    public void Post(InboxMessage message)
    {
        _messages.Enqueue(message);
        Ring();
    }

    public bool TryTake(out InboxMessage message) => _messages.TryDequeue(out message);

    /// <summary>Forgets the bell: what rang it is taken next.</summary>
    /// <remarks>A full fence: a look at the messages that overtook the store would miss one whose bell is then forgotten.</remarks>
    public void Quiet() => Interlocked.Exchange(ref _rung, false);

    public void Ring()
    {
        lock (_bell)
        {
            _rung = true;
            Monitor.Pulse(_bell);
        }
    }

    /// <summary>Sleeps until something is posted after the last <see cref="Quiet"/>.</summary>
    public void Wait()
    {
        lock (_bell)
        {
            while (!_rung) Monitor.Wait(_bell);
        }
    }

    /// <summary>A full fence too: either the last look at the messages finds one, or whoever posted it finds the inbox closed.</summary>
    public void Close() => Interlocked.Exchange(ref _closed, true);
}
