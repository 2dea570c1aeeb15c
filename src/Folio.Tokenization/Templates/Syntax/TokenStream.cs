namespace Folio.Tokenization.Templates;

/// <summary>The tokens of a template, read from first to last.</summary>
internal sealed class TokenStream(List<Token> tokens, string name)
{
    private int _at;

    public string TemplateName => name;

    public Token Current => tokens[_at];

    public Token Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Next()
    {
        Token token = Current;
        if (_at < tokens.Count - 1) _at++;
        return token;
    }

    public bool SkipName(string word)
    {
        bool found = Current.IsName(word);
        if (found) Next();
        return found;
    }

    public bool SkipOperator(string op)
    {
        bool found = Current.IsOperator(op);
        if (found) Next();
        return found;
    }

    public Token Expect(TokenKind kind, string expected) => Current.Kind == kind ? Next() : throw Unexpected(expected);

    public void ExpectOperator(string op)
    {
        if (!SkipOperator(op)) throw Unexpected($"'{op}'");
    }

    public void ExpectName(string word)
    {
        if (!SkipName(word)) throw Unexpected($"'{word}'");
    }

    public TemplateException Unexpected(string expected) => Error($"expected {expected}, got {Current.Description}");

    public TemplateException Error(string reason) => TemplateException.At(name, Current.Line, reason);
}
