using System.Buffers;
using System.Text;
using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization;

/// <summary>A token that is looked for in the text itself, before anything else happens to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">The text that it stands for.</param>
/// <param name="IsSpecial">A mark of the model rather than a word.</param>
/// <param name="Normalized">Looked for after normalisation, in its own normalised form.</param>
/// <param name="SingleWord">Only where it is not part of a longer word.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
/// <param name="StripRight">Takes the white space after it along.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool Normalized = false, bool SingleWord = false, bool StripLeft = false, bool StripRight = false)
{
    /// <summary>
    /// A mark that no user may write into a prompt. Some vocabularies declare turn marks (DeepSeek's &lt;｜User｜&gt;) as ordinary added tokens, so the shape counts too.
    /// </summary>
    public bool IsMark => IsSpecial || (Content.StartsWith("<|", StringComparison.Ordinal) && Content.EndsWith("|>", StringComparison.Ordinal))
        || (Content.StartsWith("<｜", StringComparison.Ordinal) && Content.EndsWith("｜>", StringComparison.Ordinal));
}

/// <summary>A stretch of a text: an added token, or (<paramref name="Token"/> null) the text between two.</summary>
internal readonly record struct Stretch(int Start, int End, AddedToken? Token);

/// <summary>Finds added tokens in a text, leftmost and longest first, in time linear in the text.</summary>
internal sealed class AddedTokens
{
    private readonly SearchValues<string>? _search;
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _byContent;
    private readonly int[] _lengths;    // of the contents, longest first

    /// <param name="tokens">The tokens with the contents to look for; of equal contents the first counts.</param>
    public AddedTokens(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        var byContent = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach ((string content, AddedToken token) in tokens)
        {
            if (content.Length > 0) byContent.TryAdd(content, token);
        }

        _byContent = byContent.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = [.. byContent.Keys.Select(content => content.Length).Distinct().OrderDescending()];
        if (byContent.Count > 0) _search = SearchValues.Create([.. byContent.Keys], StringComparison.Ordinal);
    }

    /// <summary>All of the text as stretches, in order.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">False: special tokens are text like any other.</param>
    /// <param name="plain">Where no mark may be recognised, or null.</param>
    public List<Stretch> Split(string text, bool parseSpecial, PlainText? plain)
    {
        var stretches = new List<Stretch>();
        int textStart = 0;      // where the text that is not yet in a stretch begins
        int at = 0;
        while (FindNext(text, at) is >= 0 and int start)
        {
            (AddedToken? token, int end) = Longest(text, start, plain);
            if (token is null)
            {
                at = start + 1;
                continue;
            }

            at = end;
            if ((token.IsSpecial && !parseSpecial) || (token.SingleWord && !IsWord(text, start, end))) continue;
            if (token.StripLeft) start = text.AsSpan(0, start).TrimEnd().Length;
            if (token.StripRight) end = text.Length - text.AsSpan(end).TrimStart().Length;
            start = Math.Max(start, textStart);     // white space that the token before took is gone
            if (end <= start) continue;
            if (start > textStart) stretches.Add(new Stretch(textStart, start, null));
            stretches.Add(new Stretch(start, end, token));
            textStart = end;
        }

        if (textStart < text.Length) stretches.Add(new Stretch(textStart, text.Length, null));
        return stretches;
    }

    private int FindNext(string text, int from)
    {
        if (_search is null || from >= text.Length) return -1;
        int found = text.AsSpan(from).IndexOfAny(_search);
        return found < 0 ? -1 : from + found;
    }

    private (AddedToken? Token, int End) Longest(string text, int start, PlainText? plain)
    {
        foreach (int length in _lengths)
        {
            if (length > text.Length - start || !_byContent.TryGetValue(text.AsSpan(start, length), out AddedToken? token)) continue;
            if (plain is null || !token.IsMark || !plain.Touches(start, start + length)) return (token, start + length);
        }

        return (null, start);
    }

    private static bool IsWord(string text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out Rune before, out _);
        Rune.DecodeFromUtf16(text.AsSpan(end), out Rune after, out _);
        return (start == 0 || !CategoryNames.Word.Contains(before.Value)) && (end == text.Length || !CategoryNames.Word.Contains(after.Value));
    }
}
