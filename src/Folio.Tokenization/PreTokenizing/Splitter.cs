namespace Folio.Tokenization.PreTokenizing;

/// <summary>What becomes of a pattern's matches (Hugging Face's SplitDelimiterBehavior).</summary>
internal enum SplitBehavior
{
    /// <summary>Each match and each gap between matches is a piece.</summary>
    Isolated,

    /// <summary>Gaps are pieces, matches vanish.</summary>
    Removed,

    /// <summary>A match belongs to the gap before it.</summary>
    MergedWithPrevious,

    /// <summary>A match belongs to the gap after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches are one piece.</summary>
    Contiguous,
}

/// <summary>One splitting step: a pattern and what becomes of its matches.</summary>
/// <param name="pattern">The pattern's text, for errors; compiled here.</param>
/// <param name="behavior">What becomes of the matches.</param>
/// <param name="invert">Matches and gaps change roles.</param>
internal sealed class Splitter(string pattern, SplitBehavior behavior = SplitBehavior.Isolated, bool invert = false)
{
    // Room for a pattern to look at each character a few times, alternative by alternative; far below a quadratic blow-up.
    private const int FuelPerChar = 200, FuelAtLeast = 10_000;

    private readonly PatternNode _start = PatternCompiler.Compile(pattern);

    /// <summary>Goes through the pieces of a text; it holds no more than positions.</summary>
    public Walk Start(ReadOnlySpan<char> text) => new(this, text);

    public ref struct Walk
    {
        private readonly Splitter _splitter;
        private readonly ReadOnlySpan<char> _text;
        private long _fuel;
        private int _position;                      // where the next section begins
        private int _sectionEnd;                    // of the section that was looked at but not taken
        private bool _sectionIsMatch, _hasSection;
        private int _matchEnd;                      // the match found behind a gap, to be the next section

        internal Walk(Splitter splitter, ReadOnlySpan<char> text)
        {
            _splitter = splitter;
            _text = text;
            _fuel = FuelAtLeast + ((long)FuelPerChar * text.Length);
        }

        /// <summary>The next piece, as a range of the text.</summary>
        public bool MoveNext(out int start, out int end)
        {
            while (Take(out start, out end, out bool isMatch))
            {
                switch (_splitter.Behavior)
                {
                    case SplitBehavior.Isolated: return true;
                    case SplitBehavior.Removed when isMatch: continue;
                    case SplitBehavior.Removed: return true;
                    case SplitBehavior.Contiguous:
                        while (PeekIsMatch() is { } same && same == isMatch) Take(out _, out end, out _);
                        return true;
                    case SplitBehavior.MergedWithPrevious:
                        if (!isMatch && PeekIsMatch() == true) Take(out _, out end, out _);
                        return true;
                    default:
                        if (isMatch && PeekIsMatch() == false) Take(out _, out end, out _);
                        return true;
                }
            }

            return false;
        }

        private bool? PeekIsMatch()
        {
            if (!_hasSection && !FindSection()) return null;
            return _sectionIsMatch;
        }

        private bool Take(out int start, out int end, out bool isMatch)
        {
            (start, end, isMatch) = (_position, _position, false);
            if (!_hasSection && !FindSection()) return false;
            (end, isMatch) = (_sectionEnd, _sectionIsMatch);
            _position = end;
            _hasSection = false;
            return true;
        }

        /// <summary>A section is a match, or the gap up to the next match.</summary>
        private bool FindSection()
        {
            if (_position >= _text.Length) return false;
            _hasSection = true;
            int end = _matchEnd > _position ? _matchEnd : Match(_position);
            if (end > _position)
            {
                (_sectionEnd, _sectionIsMatch) = (end, !_splitter.Invert);
                return true;
            }

            int at = _position;
            while (at < _text.Length && (end = Match(at)) <= at) at += char.IsHighSurrogate(_text[at]) && at + 1 < _text.Length ? 2 : 1;
            _matchEnd = end;
            (_sectionEnd, _sectionIsMatch) = (at, _splitter.Invert);
            return true;
        }

        private int Match(int position) => _splitter._start.Match(_text, position, ref _fuel);
    }

    private SplitBehavior Behavior => behavior;

    private bool Invert => invert;
}
