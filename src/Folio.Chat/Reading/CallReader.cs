namespace Folio.Chat;

/// <summary>Reads a JSON object that is a call, or its arguments, as it comes.</summary>
internal abstract class CallReader(MessageWriter message)
{
    private JsonScanner _scanner;

    protected PendingCall Call { get; } = new(message);

    /// <summary>It was told and then went wrong: what follows is more of its arguments.</summary>
    public bool IsBroken => Call.IsTold && !_scanner.IsComplete;

    /// <summary>The object, once it is complete, is a call.</summary>
    protected virtual bool IsCall => true;

    /// <returns>Whether more text is needed. Where no JSON object goes on like this, the fault is left unread.</returns>
    public bool Reads(Feed feed)
    {
        bool isJson = true;
        while (isJson && feed.HasUnread && !_scanner.IsComplete)
        {
            int depth = _scanner.Depth;
            bool inString = _scanner.InString;
            isJson = _scanner.Push(feed.Current);
            if (!isJson) continue;
            Read(feed.Current, depth, inString);
            feed.Take(1);
        }

        Call.Send(feed);
        return isJson && !_scanner.IsComplete && !feed.Ended;
    }

    /// <summary>Tells the call, if it is whole.</summary>
    public bool Finish(Feed feed)
    {
        if (!_scanner.IsComplete || !IsCall) return false;
        Call.Finish(feed);
        return true;
    }

    /// <param name="c">A character of the object.</param>
    /// <param name="depth">Brackets open in front of it.</param>
    /// <param name="inString">A string is open in front of it.</param>
    protected abstract void Read(char c, int depth, bool inString);
}
