using System.Globalization;
using System.Text;

namespace Folio.Tokenization.PreTokenizing;

/// <summary>A set of code points: what <c>\p{L}</c>, <c>\s</c> or <c>[^\r\n\p{N}]</c> of a split pattern means.</summary>
/// <remarks>White space is Unicode's White_Space, categories are .NET's Unicode data.</remarks>
internal sealed class CharSet
{
    private readonly int _categories;                       // bit per UnicodeCategory
    private readonly bool _whiteSpace;
    private readonly (int First, int Last)[] _ranges;
    private readonly CharSet[] _parts;                      // sets inside the brackets that are themselves negated
    private readonly bool _negated;
    private readonly ulong _asciiLow, _asciiHigh;           // the answers for code points 0–63 and 64–127

    public CharSet(int categories = 0, bool whiteSpace = false, IEnumerable<(int First, int Last)>? ranges = null, IEnumerable<CharSet>? parts = null, bool negated = false)
    {
        _categories = categories;
        _whiteSpace = whiteSpace;
        _ranges = [.. ranges ?? []];
        _parts = [.. parts ?? []];
        _negated = negated;
        for (int c = 0; c < 64; c++)
        {
            if (Compute(c)) _asciiLow |= 1UL << c;
            if (Compute(c + 64)) _asciiHigh |= 1UL << c;
        }
    }

    public static CharSet Of(params ReadOnlySpan<char> chars) => new(ranges: chars.ToArray().Select(c => ((int)c, (int)c)));

    public CharSet Negate() => new(_categories, _whiteSpace, _ranges, _parts, !_negated);

    public bool Contains(int codePoint) => codePoint switch
    {
        < 64 => (_asciiLow >> codePoint & 1) != 0,
        < 128 => (_asciiHigh >> codePoint & 1) != 0,
        _ => Compute(codePoint),
    };

    /// <returns>How many code units the character at <paramref name="position"/> takes if the set has it, else 0.</returns>
    public int MatchAt(ReadOnlySpan<char> text, int position)
    {
        if ((uint)position >= (uint)text.Length) return 0;
        char c = text[position];
        if (!char.IsSurrogate(c)) return Contains(c) ? 1 : 0;
        Rune.DecodeFromUtf16(text[position..], out Rune rune, out int length);
        return Contains(rune.Value) ? length : 0;
    }

    private bool Compute(int codePoint)
    {
        bool found = (_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint) & 1) != 0
            || (_whiteSpace && codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint));
        for (int i = 0; !found && i < _ranges.Length; i++) found = codePoint >= _ranges[i].First && codePoint <= _ranges[i].Last;
        for (int i = 0; !found && i < _parts.Length; i++) found = _parts[i].Contains(codePoint);
        return found != _negated;
    }
}
