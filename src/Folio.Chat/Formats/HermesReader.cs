namespace Folio.Chat;

/// <summary>Hermes 2 and 3, Qwen 2.5 and 3, Granite 4: <c>&lt;tool_call&gt;{"name", "arguments"}&lt;/tool_call&gt;</c>, repeated.</summary>
internal sealed class HermesReader(MessageWriter message) : Reader(message)
{
    public const string Open = "<tool_call>", Close = "</tool_call>";

    protected override IEnumerable<MoreText> Read()
    {
        while (true)
        {
            string? mark;
            while (PassesContent([Open], out mark)) yield return default;
            if (mark is null) yield break;
            Feed.Take(Open.Length);
            while (Feed.SkipsSpace()) yield return default;

            var call = new CallObject(Message);
            while (call.Reads(Feed)) yield return default;
            if (!call.Finish(Feed))
            {
                while (call.IsBroken && PassesArguments([Close])) yield return default;
                if (!call.IsBroken) continue;
            }

            // The object is the call; a missing closing mark loses nothing.
            bool closed;
            while (Feed.SkipsSpace()) yield return default;
            while (Feed.Undecided(Close, out closed)) yield return default;
            if (!closed) continue;
            Feed.Take(Close.Length);
            Feed.Release();
        }
    }
}
