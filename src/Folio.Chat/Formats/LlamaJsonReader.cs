namespace Folio.Chat;

/// <summary>Llama 3.1 and later: an answer that is <c>{"name", "parameters"}</c>, maybe behind <c>&lt;|python_tag|&gt;</c>, several with semicolons between them.</summary>
/// <remarks>JSON behind other text is text: the published format is the call alone.</remarks>
internal sealed class LlamaJsonReader(MessageWriter message) : Reader(message)
{
    public const string Tag = "<|python_tag|>";

    protected override IEnumerable<MoreText> Read()
    {
        bool mayBegin = true; // a call may stand here without its tag
        while (true)
        {
            string? mark = null;
            while (mayBegin && Feed.SkipsSpace()) yield return default;
            bool begins = mayBegin && Feed.HasUnread && Feed.Current == '{';
            mayBegin = false;
            if (!begins)
            {
                while (PassesContent([Tag], out mark)) yield return default;
                if (mark is null) yield break;
                Feed.Take(Tag.Length);
                while (Feed.SkipsSpace()) yield return default;
            }

            var call = new CallObject(Message);
            while (call.Reads(Feed)) yield return default;
            if (!call.Finish(Feed))
            {
                while (call.IsBroken && PassesArguments([])) yield return default;
                continue;
            }

            while (Feed.SkipsSpace()) yield return default;
            if (!Feed.HasUnread || Feed.Current != ';') continue;
            Feed.Take(1);
            while (Feed.SkipsSpace()) yield return default;
            mayBegin = Feed.HasUnread && Feed.Current == '{';
            if (mayBegin) Feed.Release();
        }
    }
}
