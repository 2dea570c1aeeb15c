namespace Folio.Chat;

/// <summary>Finds where a Python list of calls ends, and soon that a list is none: <c>[1, 2]</c> isn't held back.</summary>
internal sealed class PythonList
{
    private State _state;
    private int _depth;
    private char _quote; // of the string that is being read; '\0': none
    private bool _escaped;

    private enum State : byte
    {
        Start,
        FirstName,
        Name,
        AfterName,
        Calls,
        Closed,
        NoList,
    }

    public bool IsClosed => _state == State.Closed;

    /// <returns>Whether more text is needed.</returns>
    public bool Reads(Feed feed)
    {
        while (feed.HasUnread && _state < State.Closed)
        {
            _state = After(feed.Current);
            if (_state != State.NoList) feed.Take(1);
        }

        return _state < State.Closed && !feed.Ended;
    }

    private State After(char c) => _state switch
    {
        State.Start => c == '[' ? State.FirstName : State.NoList,
        State.FirstName => char.IsWhiteSpace(c) ? State.FirstName : char.IsLetter(c) || c == '_' ? State.Name : State.NoList,
        State.Name => PythonCalls.IsNamePart(c) ? State.Name : char.IsWhiteSpace(c) ? State.AfterName : c == '(' ? Open() : State.NoList,
        State.AfterName => char.IsWhiteSpace(c) ? State.AfterName : c == '(' ? Open() : State.NoList,
        _ => AfterInCalls(c),
    };

    private State AfterInCalls(char c)
    {
        if (_quote != '\0')
        {
            if (_escaped) _escaped = false;
            else if (c == '\\') _escaped = true;
            else if (c == _quote) _quote = '\0';
            return State.Calls;
        }

        switch (c)
        {
            case '\'' or '"':
                _quote = c;
                return State.Calls;
            case '(' or '[' or '{':
                return Open();
            case ')' or ']' or '}':
                return --_depth < 0 ? State.Closed : State.Calls; // below 0: the list's own bracket
            default:
                return State.Calls;
        }
    }

    private State Open()
    {
        _depth++;
        return State.Calls;
    }
}
