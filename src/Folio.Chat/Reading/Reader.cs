namespace Folio.Chat;

/// <summary>A reader stops here until more text has come.</summary>
internal readonly struct MoreText;

/// <summary>Reads one format as text comes: straight-line code that stops (<c>yield</c>) wherever it needs more text to go on.</summary>
/// <remarks>Methods named in the third person ("skips", "passes") return true while they need more text, so each stands as the condition of a loop that yields.</remarks>
internal abstract class Reader(MessageWriter message)
{
    private IEnumerator<MoreText>? _run;

    protected MessageWriter Message => message;

    protected Feed Feed { get; } = new();

    /// <param name="text">The next piece.</param>
    /// <param name="start">Where the first piece begins in the answer.</param>
    public void Append(ReadOnlySpan<char> text, int start = 0)
    {
        if (text.IsEmpty) return;
        Feed.Add(text, start);
        Go();
    }

    public virtual void End()
    {
        Feed.End();
        Go();
    }

    protected abstract IEnumerable<MoreText> Read();

    /// <summary>Passes on as content what is held and what comes before the first mark; null: the text ended without one.</summary>
    protected bool PassesContent(ReadOnlySpan<string> marks, out string? mark)
    {
        bool more = Feed.TakesUntil(marks, out mark);
        Message.Content(Feed.Held, Feed.HeldAt);
        Feed.Release();
        return more;
    }

    /// <summary>Passes on as arguments what comes before a mark, or all: those of a call that was begun and went wrong.</summary>
    protected bool PassesArguments(ReadOnlySpan<string> marks)
    {
        bool more = Feed.TakesUntil(marks, out _);
        Message.Arguments(Feed.Held);
        Feed.Release();
        return more;
    }

    /// <summary>Reads <c>[{"name", "arguments"}, …]</c>, each call as it comes. What doesn't belong to one stays held or unread.</summary>
    protected IEnumerable<MoreText> ReadList()
    {
        Feed.Take(1);
        bool goesOn = true;
        while (goesOn)
        {
            while (Feed.SkipsSpace()) yield return default;
            var call = new CallObject(Message);
            while (call.Reads(Feed)) yield return default;
            if (!call.Finish(Feed))
            {
                while (call.IsBroken && PassesArguments([])) yield return default;
                yield break;
            }

            while (Feed.SkipsSpace()) yield return default;
            goesOn = Feed.HasUnread && Feed.Current == ',';
            if (goesOn) Feed.Take(1);
        }

        if (!Feed.HasUnread || Feed.Current != ']') yield break;
        Feed.Take(1);
        Feed.Release();
    }

    private void Go()
    {
        _run ??= Read().GetEnumerator();
        _run.MoveNext();
    }
}
