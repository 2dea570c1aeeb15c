namespace Folio.Chat;

/// <summary>
/// DeepSeek V3 and R1: between the marks of all calls, for each <c>function⟨sep⟩name⏎```json⏎{…}⏎```</c> between the marks of one; V3.1: <c>name⟨sep⟩{…}</c>.
/// The marks are written with U+FF5C and U+2581.
/// </summary>
internal sealed class DeepSeekReader(MessageWriter message) : Reader(message)
{
    public const string CallsBegin = "<｜tool▁calls▁begin｜>", CallsEnd = "<｜tool▁calls▁end｜>";
    public const string CallBegin = "<｜tool▁call▁begin｜>", CallEnd = "<｜tool▁call▁end｜>", Separator = "<｜tool▁sep｜>";

    public static readonly string[] Marks = [CallsBegin, CallsEnd, CallBegin, CallEnd, Separator];

    private const string Fence = "```json", FenceEnd = "```";

    protected override IEnumerable<MoreText> Read()
    {
        while (true)
        {
            string? mark;
            while (PassesContent([CallsBegin], out mark)) yield return default;
            if (mark is null) yield break;
            Feed.Take(CallsBegin.Length);
            foreach (MoreText more in ReadCalls()) yield return more;
        }
    }

    private IEnumerable<MoreText> ReadCalls()
    {
        while (true)
        {
            string? mark;
            while (Feed.SkipsSpace()) yield return default;
            while (Feed.Undecided([CallBegin, CallsEnd], out mark)) yield return default;
            if (mark == CallsEnd && Message.Calls > 0)
            {
                Feed.Take(CallsEnd.Length);
                Feed.Release();
            }

            if (mark != CallBegin) yield break;
            Feed.Take(CallBegin.Length);

            // The part before the separator is the name (V3.1), or the word "function" with the name behind the separator (V3).
            int start = Feed.Held.Length;
            while (Feed.TakesUntil([Separator, CallsBegin, CallsEnd, CallBegin, CallEnd], out mark)) yield return default;
            if (mark != Separator) yield break;
            string name = Feed.Held[start..].ToString().Trim();
            Feed.Take(Separator.Length);
            while (Feed.SkipsSpace()) yield return default;
            if (Feed.HasUnread && Feed.Current != '{')
            {
                start = Feed.Held.Length;
                while (Feed.TakesUntil([Fence, "{", CallEnd], out mark)) yield return default;
                if (mark != Fence) yield break;
                name = Feed.Held[start..].ToString().Trim();
                Feed.Take(Fence.Length);
                while (Feed.SkipsSpace()) yield return default;
            }

            if (name.Length == 0) yield break;
            var arguments = new CallArguments(Message, name);
            while (arguments.Reads(Feed)) yield return default;
            if (!arguments.Finish(Feed))
            {
                while (arguments.IsBroken && PassesArguments([FenceEnd, CallEnd])) yield return default;
                if (!arguments.IsBroken) yield break;
            }

            foreach (string end in (string[])[FenceEnd, CallEnd])
            {
                while (Feed.SkipsSpace()) yield return default;
                while (Feed.Undecided([end], out mark)) yield return default;
                if (mark is null) continue;
                Feed.Take(end.Length);
                Feed.Release();
            }
        }
    }
}
