namespace Folio.Chat;

/// <summary>Text that comes in pieces: what has been read and isn't decided yet (held), and what comes behind it (unread).</summary>
internal sealed class Feed
{
    private char[] _text = new char[256];
    private int _held, _next, _end;
    private int _gone; // characters of the answer in front of _text

    /// <summary>No more text will come.</summary>
    public bool Ended { get; private set; }

    public bool HasUnread => _next < _end;

    public char Current => _text[_next];

    public ReadOnlySpan<char> Unread => _text.AsSpan(_next, _end - _next);

    public ReadOnlySpan<char> Held => _text.AsSpan(_held, _next - _held);

    /// <summary>Where what is held begins in the answer.</summary>
    public int HeldAt => _gone + _held;

    /// <param name="text">Comes directly behind the piece before it.</param>
    /// <param name="start">Where the first piece begins in the answer.</param>
    public void Add(ReadOnlySpan<char> text, int start)
    {
        if (_end == 0) _gone = start;
        if (text.Length > _text.Length - _end) MakeRoom(text.Length);
        text.CopyTo(_text.AsSpan(_end));
        _end += text.Length;
    }

    public void End() => Ended = true;

    /// <summary>Reads so many characters; they are held.</summary>
    public void Take(int count) => _next += count;

    /// <summary>What is held has been decided.</summary>
    public void Release() => _held = _next;

    /// <summary>Reads white space.</summary>
    /// <returns>Whether more text is needed to know where it ends.</returns>
    public bool SkipsSpace()
    {
        while (HasUnread && char.IsWhiteSpace(Current)) Take(1);
        return !HasUnread && !Ended;
    }

    /// <summary>Tells whether the unread text begins with a mark, which is not read.</summary>
    /// <returns>Whether more text is needed to tell.</returns>
    public bool Undecided(string mark, out bool begins)
    {
        begins = Unread.StartsWith(mark, StringComparison.Ordinal);
        return !begins && CouldBegin(Unread, mark);
    }

    /// <summary>Tells with which of several marks the unread text begins; null: none.</summary>
    /// <returns>Whether more text is needed to tell.</returns>
    public bool Undecided(ReadOnlySpan<string> marks, out string? found)
    {
        found = null;
        bool undecided = false;
        foreach (string mark in marks)
        {
            undecided |= Undecided(mark, out bool begins);
            if (!begins) continue;
            found = mark;
            return false;
        }

        return undecided;
    }

    /// <summary>Reads up to the first of several marks, which is not read itself; null: there is none.</summary>
    /// <returns>Whether more text is needed: a mark may still come.</returns>
    public bool TakesUntil(ReadOnlySpan<string> marks, out string? found)
    {
        ReadOnlySpan<char> unread = Unread;
        Span<char> firsts = stackalloc char[marks.Length];
        for (int i = 0; i < marks.Length; i++) firsts[i] = marks[i][0];
        for (int at = 0, skip; (skip = unread[at..].IndexOfAny(firsts)) >= 0; at++)
        {
            at += skip;
            foreach (string mark in marks)
            {
                if (unread[at] != mark[0]) continue;
                if (!unread[at..].StartsWith(mark, StringComparison.Ordinal) && !CouldBegin(unread[at..], mark)) continue;
                Take(at);
                return Undecided(marks, out found);
            }
        }

        Take(unread.Length);
        found = null;
        return !Ended;
    }

    private bool CouldBegin(ReadOnlySpan<char> text, string mark) => !Ended && text.Length < mark.Length && mark.AsSpan().StartsWith(text, StringComparison.Ordinal);

    /// <summary>Moves what is held and unread to the front; where it fills more than half, into twice the room, so that each character is moved a bounded number of times.</summary>
    private void MakeRoom(int count)
    {
        int kept = _end - _held;
        char[] room = 2 * (kept + count) > _text.Length ? new char[int.Max(2 * _text.Length, 2 * (kept + count))] : _text;
        _text.AsSpan(_held, kept).CopyTo(room);
        _gone += _held;
        (_text, _next, _end, _held) = (room, _next - _held, kept, 0);
    }
}
