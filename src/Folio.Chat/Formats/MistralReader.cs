namespace Folio.Chat;

/// <summary>Mistral: <c>[TOOL_CALLS] [{"name", "arguments"}, …]</c> (formats v2 to v7) and <c>[TOOL_CALLS]name[CALL_ID]id[ARGS]{…}</c>, repeated (v11; the id and [ARGS] may be missing).</summary>
internal sealed class MistralReader(MessageWriter message) : Reader(message)
{
    public const string Mark = "[TOOL_CALLS]", Arguments = "[ARGS]";

    public static readonly string[] Marks = [Mark, CallId, Arguments];

    private const string CallId = "[CALL_ID]";

    protected override IEnumerable<MoreText> Read()
    {
        while (true)
        {
            string? mark;
            while (PassesContent([Mark], out mark)) yield return default;
            if (mark is null) yield break;
            Feed.Take(Mark.Length);
            while (Feed.SkipsSpace()) yield return default;
            if (Feed.HasUnread && Feed.Current == '[')
            {
                foreach (MoreText more in ReadList()) yield return more;
            }
            else
            {
                foreach (MoreText more in ReadNamed()) yield return more;
            }
        }
    }

    private IEnumerable<MoreText> ReadNamed()
    {
        int start = Feed.Held.Length;
        string? mark;
        while (Feed.TakesUntil([CallId, Arguments, "{", Mark], out mark)) yield return default;
        string name = Feed.Held[start..].ToString().Trim();
        if (name.Length == 0 || mark is null or Mark) yield break;

        string? id = null;
        if (mark == CallId)
        {
            Feed.Take(CallId.Length);
            start = Feed.Held.Length;
            while (Feed.TakesUntil([Arguments, "{", Mark], out mark)) yield return default;
            id = Feed.Held[start..].ToString().Trim();
            if (id.Length == 0 || mark is null or Mark) yield break;
        }

        if (mark == Arguments) Feed.Take(Arguments.Length);
        while (Feed.SkipsSpace()) yield return default;
        var arguments = new CallArguments(Message, name, id);
        while (arguments.Reads(Feed)) yield return default;
        if (arguments.Finish(Feed)) yield break;
        while (arguments.IsBroken && PassesArguments([Mark])) yield return default;
    }
}
