using Folio.Chat;
using Folio.Grammars;
using Folio.Tokenization;

namespace Folio.Requests;

/// <summary>Those of a format's marks that are special tokens of the model. In a grammar they are these tokens and no text: that is how the model writes them, and its text can't forge them.</summary>
internal sealed class MarkTokens(params IReadOnlyList<(string Text, int Id)> marks)
{
    public IEnumerable<int> Ids => marks.Select(mark => mark.Id);

    /// <param name="format">How the model writes.</param>
    /// <param name="calls">Its calls are looked for.</param>
    /// <param name="tokenizer">Null: there are none.</param>
    public static MarkTokens Of(MessageFormat format, bool calls, Tokenizer? tokenizer) =>
        new([.. format.Marks(calls).Select(text => (text, tokenizer?.FindToken(text) ?? -1)).Where(mark => mark.Item2 >= 0 && tokenizer!.IsSpecial(mark.Item2))]);

    /// <summary>Just this text, its marks as tokens.</summary>
    public Grammar Literal(string text)
    {
        List<Grammar> parts = [];
        while (text.Length > 0)
        {
            (int at, string mark, int id) = First(text);
            if (at > 0) parts.Add(Grammar.Literal(text[..at]));
            if (mark.Length > 0) parts.Add(Grammar.Token(id));
            text = text[(at + mark.Length)..];
        }

        return parts.Count == 1 ? parts[0] : Grammar.Sequence(parts);
    }

    /// <summary>Any text up to and including the mark.</summary>
    public Grammar TextThrough(string mark) => First(mark) is (0, { Length: > 0 } whole, int id) && whole == mark ? Grammar.TextThrough(mark, id) : Grammar.TextThrough(mark);

    /// <returns>The first mark in the text; "" behind its end where it has none.</returns>
    private (int At, string Mark, int Id) First(string text) => marks
        .Select(mark => (At: text.IndexOf(mark.Text, StringComparison.Ordinal), Mark: mark.Text, mark.Id))
        .Where(found => found.At >= 0)
        .DefaultIfEmpty((At: text.Length, Mark: "", Id: -1))
        .MinBy(found => (found.At, -found.Mark.Length));
}
