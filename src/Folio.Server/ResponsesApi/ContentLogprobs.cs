namespace Folio.Server;

/// <summary>Log-probabilities of an answer's tokens, found again by where their text stands in the answer: those of a message's text are told with it, those of reasoning, marks and calls never.</summary>
internal sealed class ContentLogprobs
{
    private const int Unknown = -1;

    private readonly List<(ChatTokenLogprob Logprob, int Start, int End)> _waiting = []; // whose text hasn't been decided on
    private int _read; // characters of the answer

    /// <summary>Tokens have come, and text with them: theirs, and that of tokens before them whose text hadn't come.</summary>
    /// <param name="logprobs">Of the tokens that have text, or may get some.</param>
    /// <param name="length">Characters of the text.</param>
    public void Add(IEnumerable<ChatTokenLogprob> logprobs, int length)
    {
        foreach (ChatTokenLogprob logprob in logprobs) _waiting.Add((logprob, _read, Unknown));
        if (length == 0) return;
        _read += length;
        for (int i = _waiting.Count - 1; i >= 0 && _waiting[i].End == Unknown; i--) _waiting[i] = _waiting[i] with { End = _read };
    }

    /// <summary>Moves those of a piece of a message's text. A token that reaches over its end is told with it, and not again.</summary>
    /// <param name="into">Gets them.</param>
    public void Take(int start, int end, List<ChatTokenLogprob> into)
    {
        int passed = 0;
        for (; passed < _waiting.Count && _waiting[passed] is { End: not Unknown } token && token.Start < end; passed++)
        {
            if (token.End > start) into.Add(token.Logprob);
        }

        _waiting.RemoveRange(0, passed);
    }
}
