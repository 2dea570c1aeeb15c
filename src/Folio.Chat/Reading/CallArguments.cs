namespace Folio.Chat;

/// <summary>Reads a call's arguments, a JSON object, where its name is known already.</summary>
internal sealed class CallArguments(MessageWriter message, string name, string? id = null)
{
    private readonly PendingCall _call = new(message) { Name = name, Id = id };
    private JsonScanner _scanner;

    /// <summary>It was told and then went wrong: what follows is more of its arguments.</summary>
    public bool IsBroken => _call.IsTold && !_scanner.IsComplete;

    /// <returns>Whether more text is needed.</returns>
    public bool Reads(Feed feed)
    {
        while (feed.HasUnread && !_scanner.IsComplete)
        {
            char c = feed.Current;
            if (!_scanner.Push(c))
            {
                _call.Send(feed);
                return false;
            }

            feed.Take(1);
            _call.Append(c);
            _call.TellIfOffered();
        }

        _call.Send(feed);
        return !_scanner.IsComplete && !feed.Ended;
    }

    /// <summary>Tells the call, if it is whole.</summary>
    public bool Finish(Feed feed)
    {
        if (!_scanner.IsComplete) return false;
        _call.Finish(feed);
        return true;
    }
}
