namespace Folio.Chat;

/// <summary>Parts an answer that begins with reasoning, between two marks, from what follows, which the next reader reads.</summary>
/// <remarks>Only the beginning is looked at: a mark further back is text. The first closing mark counts, and calls inside the reasoning are none.</remarks>
internal sealed class ReasoningReader(MessageWriter message, ReasoningFormat format, bool isOpen, Reader next) : Reader(message)
{
    private readonly string[] _opens = [.. format.Opens], _closes = [.. format.Closes];

    public override void End()
    {
        base.End();
        next.End();
    }

    protected override IEnumerable<MoreText> Read()
    {
        while (Feed.SkipsSpace()) yield return default;
        string? mark;
        while (Feed.Undecided(_opens, out mark)) yield return default;
        if (mark is not null || isOpen)
        {
            Feed.Take(mark?.Length ?? 0);
            Feed.Release();
            Message.InReasoning = true;
            while (PassesReasoning(out mark)) yield return default;
            Message.InReasoning = false;
            Feed.Take(mark?.Length ?? 0);
            while (Feed.SkipsSpace()) yield return default;
            Feed.Release();
        }

        while (PassesOn()) yield return default;
    }

    private bool PassesReasoning(out string? mark)
    {
        bool more = Feed.TakesUntil(_closes, out mark);
        Message.Reasoning(Feed.Held, Feed.HeldAt);
        Feed.Release();
        return more;
    }

    private bool PassesOn()
    {
        Feed.Take(Feed.Unread.Length);
        next.Append(Feed.Held, Feed.HeldAt);
        Feed.Release();
        return !Feed.Ended;
    }
}
