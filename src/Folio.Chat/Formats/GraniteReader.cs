namespace Folio.Chat;

/// <summary>Granite 3: a list of <c>{"name", "arguments"}</c> behind <c>&lt;|tool_call|&gt;</c> (3.0) or <c>&lt;tool_call&gt;</c> (3.1), or the list alone.</summary>
internal sealed class GraniteReader(MessageWriter message) : Reader(message)
{
    public const string Mark = "<|tool_call|>";

    private const string LaterMark = "<tool_call>";

    protected override IEnumerable<MoreText> Read()
    {
        while (Feed.SkipsSpace()) yield return default;
        bool begins = Feed.HasUnread && Feed.Current == '[';
        while (true)
        {
            if (!begins)
            {
                string? mark;
                while (PassesContent([Mark, LaterMark], out mark)) yield return default;
                if (mark is null) yield break;
                Feed.Take(mark.Length);
                while (Feed.SkipsSpace()) yield return default;
            }

            begins = false;
            if (!Feed.HasUnread || Feed.Current != '[') continue;
            foreach (MoreText more in ReadList()) yield return more;
        }
    }
}
