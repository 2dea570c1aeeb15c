namespace Folio.Tokenization.PreTokenizing;

/// <summary>A step of a compiled pattern. It knows what follows it, so matching is a chain of calls and needs no stack of its own.</summary>
internal abstract class PatternNode
{
    /// <summary>Where a match through this node and all that follows ends, or -1. Alternatives are tried in order, loops longest first.</summary>
    /// <param name="text">The text that is being split; its end counts as the end for look-ahead.</param>
    /// <param name="position">Where this node begins, in UTF-16 code units.</param>
    /// <param name="fuel">Steps left before the pattern counts as too expensive for the text.</param>
    public abstract int Match(ReadOnlySpan<char> text, int position, ref long fuel);

    /// <summary>Takes steps from the fuel, so that no pattern of a hostile file runs for longer than a text deserves.</summary>
    protected static void Pay(ref long fuel, int steps)
    {
        fuel -= steps;
        if (fuel < 0) throw new TokenizerException("the tokenizer's split pattern takes too long on this text.");
    }

    /// <summary>The characters that can begin a match, null where it may begin with anything or be empty.</summary>
    public virtual CharSet? First => null;
}

/// <summary>The end of the pattern.</summary>
internal sealed class AcceptNode : PatternNode
{
    public override int Match(ReadOnlySpan<char> text, int position, ref long fuel) => position;
}

/// <summary>One character of a set.</summary>
internal sealed class CharNode(CharSet set, PatternNode next) : PatternNode
{
    public override CharSet First => set;

    public override int Match(ReadOnlySpan<char> text, int position, ref long fuel)
    {
        int length = set.MatchAt(text, position);
        return length == 0 ? -1 : next.Match(text, position + length, ref fuel);
    }
}

/// <summary>From <paramref name="least"/> to <paramref name="most"/> characters of a set, as many as the rest of the pattern allows.</summary>
internal sealed class LoopNode(CharSet set, int least, int most, bool possessive, PatternNode next) : PatternNode
{
    public override CharSet? First => least > 0 ? set : null;

    public override int Match(ReadOnlySpan<char> text, int position, ref long fuel)
    {
        int count = 0, end = position;
        while (count < most)
        {
            int length = set.MatchAt(text, end);
            if (length == 0) break;
            end += length;
            count++;
        }

        Pay(ref fuel, count);
        for (; count >= least; count--)
        {
            int result = next.Match(text, end, ref fuel);
            if (result >= 0 || possessive || count == least) return result;
            Pay(ref fuel, 1);
            end -= char.IsLowSurrogate(text[end - 1]) && end - position >= 2 ? 2 : 1;
        }

        return -1;
    }
}

/// <summary>The first of several ways that matches.</summary>
internal sealed class AlternativesNode(PatternNode[] options) : PatternNode
{
    private readonly CharSet?[] _first = [.. options.Select(option => option.First)];

    public override int Match(ReadOnlySpan<char> text, int position, ref long fuel)
    {
        for (int i = 0; i < options.Length; i++)
        {
            if (_first[i] is { } first && first.MatchAt(text, position) == 0) continue;
            Pay(ref fuel, 1);
            int end = options[i].Match(text, position, ref fuel);
            if (end >= 0) return end;
        }

        return -1;
    }
}

/// <summary><c>(?=…)</c> and <c>(?!…)</c>: looks at what comes without taking it.</summary>
internal sealed class LookAheadNode(PatternNode ahead, bool negative, PatternNode next) : PatternNode
{
    public override int Match(ReadOnlySpan<char> text, int position, ref long fuel) =>
        ahead.Match(text, position, ref fuel) >= 0 != negative ? next.Match(text, position, ref fuel) : -1;
}
