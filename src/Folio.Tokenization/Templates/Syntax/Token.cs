namespace Folio.Tokenization.Templates;

internal enum TokenKind
{
    Data,
    PrintBegin,
    PrintEnd,
    TagBegin,
    TagEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Text">Data, a name, an operator, a number as written, or a string with its escapes resolved.</param>
/// <param name="Line">Counted from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;

    /// <summary>How an error names this token.</summary>
    public string Description => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.PrintEnd => "'}}'",
        TokenKind.TagEnd => "'%}'",
        TokenKind.String => $"the text '{Text}'",
        TokenKind.Data or TokenKind.PrintBegin or TokenKind.TagBegin => "template text",
        _ => $"'{Text}'",
    };
}
