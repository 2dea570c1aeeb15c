namespace Folio.Chat;

/// <summary>Llama 3.2 and 4: an answer that is a Python list of calls, <c>[f(a=1), g()]</c>, maybe between <c>&lt;|python_start|&gt;</c> and <c>&lt;|python_end|&gt;</c>.</summary>
internal sealed class PythonicReader(MessageWriter message) : Reader(message)
{
    public const string Start = "<|python_start|>", Finish = "<|python_end|>";

    protected override IEnumerable<MoreText> Read()
    {
        bool begins, ends = false;
        while (Feed.SkipsSpace()) yield return default;
        while (Feed.Undecided(Start, out begins)) yield return default;
        if (begins) Feed.Take(Start.Length);
        while (Feed.SkipsSpace()) yield return default;

        int start = Feed.Held.Length;
        PythonList list = new();
        while (list.Reads(Feed)) yield return default;
        if (list.IsClosed && PythonCalls.Parse(Feed.Held[start..]) is { } calls)
        {
            foreach ((string name, string arguments) in calls)
            {
                Message.Call(name, id: null);
                Message.Arguments(arguments);
            }

            Feed.Release();
            while (Feed.SkipsSpace()) yield return default;
            while (Feed.Undecided(Finish, out ends)) yield return default;
        }

        if (ends)
        {
            Feed.Take(Finish.Length);
            Feed.Release();
        }

        while (PassesContent([], out _)) yield return default;
    }
}
