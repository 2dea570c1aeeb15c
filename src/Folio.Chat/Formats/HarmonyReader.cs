namespace Folio.Chat;

/// <summary>gpt-oss: messages of channels. <c>analysis</c> is reasoning; <c>final</c>, and <c>commentary</c> to nobody, is content; a message to <c>functions.NAME</c> is a call.</summary>
/// <remarks>Source: OpenAI's harmony response format. Messages to built-in tools, which this engine has none of, count as reasoning.</remarks>
internal sealed class HarmonyReader(MessageWriter message) : Reader(message)
{
    public const string Start = "<|start|>", Channel = "<|channel|>", Body = "<|message|>", Constrain = "<|constrain|>";
    public const string MessageEnd = "<|end|>", Return = "<|return|>", Call = "<|call|>";

    public static readonly string[] Marks = [Start, Channel, Body, Constrain, MessageEnd, Return, Call];

    private const string Recipient = "to=", Functions = "functions.";

    protected override IEnumerable<MoreText> Read()
    {
        string? mark;
        while (Feed.SkipsSpace()) yield return default;
        while (Feed.Undecided([Recipient, Channel, Start], out mark)) yield return default; // the prompt has written "<|start|>assistant"
        while (true)
        {
            if (mark is null)
            {
                while (PassesContent([Start, Channel], out mark)) yield return default;
                if (mark is null) yield break;
            }

            int start = Feed.Held.Length;
            while (Feed.TakesUntil([Body, MessageEnd, Return, Call], out mark)) yield return default;
            string header = Feed.Held[start..].ToString();
            if (mark != Body)
            {
                if (mark is null && header.StartsWith('<')) Feed.Release(); // cut off inside a header: there was no message yet
                mark = null;
                continue;
            }

            Feed.Take(Body.Length);
            string channel = Word(header, Channel), recipient = Word(header, Recipient);
            if (recipient.StartsWith(Functions, StringComparison.Ordinal) && recipient.Length > Functions.Length && Message.AllowsCalls)
            {
                foreach (MoreText more in ReadCall(recipient[Functions.Length..])) yield return more;
            }
            else
            {
                Feed.Release();
                bool isContent = recipient.Length == 0 && channel is "final" or "commentary";
                if (isContent && Message.HasContent) Message.Content("\n", Feed.HeldAt);
                if (!isContent && Message.HasReasoning) Message.Reasoning("\n", Feed.HeldAt);
                Message.InReasoning = !isContent;
                while (PassesBody(isContent, out mark)) yield return default;
                Message.InReasoning = false;
                if (mark is MessageEnd or Return or Call) Feed.Take(mark.Length);
                Feed.Release();
            }

            mark = null;
        }
    }

    private IEnumerable<MoreText> ReadCall(string name)
    {
        while (Feed.SkipsSpace()) yield return default;
        var arguments = new CallArguments(Message, name);
        while (arguments.Reads(Feed)) yield return default;
        if (!arguments.Finish(Feed))
        {
            while (arguments.IsBroken && PassesArguments([Call, MessageEnd])) yield return default;
            if (!arguments.IsBroken) yield break;
        }

        string? mark;
        while (Feed.SkipsSpace()) yield return default;
        while (Feed.Undecided([Call, MessageEnd], out mark)) yield return default;
        if (mark is null) yield break;
        Feed.Take(mark.Length);
        Feed.Release();
    }

    private bool PassesBody(bool isContent, out string? mark)
    {
        bool more = Feed.TakesUntil([MessageEnd, Return, Call, Start, Channel], out mark);
        if (isContent) Message.Content(Feed.Held, Feed.HeldAt);
        else Message.Reasoning(Feed.Held, Feed.HeldAt);
        Feed.Release();
        return more;
    }

    /// <summary>What stands behind a part of a header, up to white space or the next mark; "" without it.</summary>
    private static string Word(string header, string part)
    {
        int at = header.IndexOf(part, StringComparison.Ordinal);
        if (at < 0) return "";
        ReadOnlySpan<char> rest = header.AsSpan(at + part.Length);
        int end = rest.IndexOfAny(" \t\r\n<");
        return (end < 0 ? rest : rest[..end]).ToString();
    }
}
