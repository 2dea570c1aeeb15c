using Folio.Tokenization;

namespace Folio.Engine;

/// <summary>One sequence's text, from its tokens: whole characters only, and nothing of a stop string.</summary>
internal sealed class SequenceText(Detokenizer detokenizer, SamplingParams sampling)
{
    private readonly StopMatcher _matcher = new(sampling.Stop, sampling.IncludeStopStrInOutput);
    private int _tokens;

    /// <summary>The text that this token makes certain.</summary>
    public string Append(int token, out string? stop)
    {
        string piece = detokenizer.Append(token);
        if (++_tokens > sampling.MinTokens) return _matcher.Append(piece, out stop);
        stop = null; // the answer may not end yet
        return _matcher.Pass(piece);
    }

    /// <summary>The text that was held back, when no more tokens come.</summary>
    public string End(out string? stop)
    {
        string text = _matcher.Append(detokenizer.Flush(), out stop);
        return stop is null ? text + _matcher.Flush() : text;
    }
}
