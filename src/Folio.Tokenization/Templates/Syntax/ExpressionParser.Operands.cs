using System.Globalization;

namespace Folio.Tokenization.Templates;

/// <summary>What operators stand between: literals and names, and what follows them (attributes, subscripts, calls, filters, tests).</summary>
internal sealed partial class ExpressionParser
{
    private Expression ParsePrimary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Next();
                return ParseName(token);
            case TokenKind.String:
                string text = tokens.Next().Text;
                while (tokens.Current.Kind == TokenKind.String) text += tokens.Next().Text;
                return new Literal(token.Line, PyString.Written(text));
            case TokenKind.Integer:
                return new Literal(token.Line, PyNumbers.ParseInteger(tokens.Next().Text, 0) ?? throw tokens.Error("the number is too long"));
            case TokenKind.Float:
                return new Literal(token.Line, double.Parse(tokens.Next().Text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));
        }

        if (tokens.SkipOperator("("))
        {
            Expression result = ParseTuple(mayBeEmpty: true);
            tokens.ExpectOperator(")");
            return result;
        }

        if (tokens.SkipOperator("[")) return Checked(new ListLiteral(token.Line, [.. ParseItems("]", Parse)], isTuple: false));
        if (!tokens.SkipOperator("{")) throw tokens.Unexpected("an expression");
        List<(Expression Key, Expression Value)> entries = ParseItems("}", ParseEntry);
        return Checked(new DictLiteral(token.Line, [.. entries.Select(entry => entry.Key)], [.. entries.Select(entry => entry.Value)]));
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new Literal(token.Line, true);
            case "false" or "False":
                return new Literal(token.Line, false);
            case "none" or "None":
                return new Literal(token.Line, PyNone.Value);
            default:
                _namesRead.Add(token.Text);
                return new NameReference(token.Line, token.Text);
        }
    }

    private (Expression Key, Expression Value) ParseEntry()
    {
        Expression key = Parse();
        tokens.ExpectOperator(":");
        return (key, Parse());
    }

    /// <summary>Items with commas between them, up to the closing bracket; a comma may stand at the end.</summary>
    private List<T> ParseItems<T>(string close, Func<T> parse)
    {
        List<T> items = [];
        while (!tokens.Current.IsOperator(close))
        {
            items.Add(parse());
            if (!tokens.SkipOperator(",")) break;
        }

        tokens.ExpectOperator(close);
        return items;
    }

    private Expression ParsePostfix(Expression node)
    {
        while (true)
        {
            Token token = tokens.Current;
            if (tokens.SkipOperator(".")) node = ParseAttribute(node, token.Line);
            else if (tokens.SkipOperator("[")) node = ParseSubscript(node, token.Line);
            else if (token.IsOperator("(")) node = new CallExpression(token.Line, node, ParseArguments());
            else return node;
            Checked(node);
        }
    }

    private Expression ParseAttribute(Expression node, int line)
    {
        if (tokens.Current.Kind == TokenKind.Integer) return new Subscript(line, node, ParsePrimary());
        return new AttributeAccess(line, node, tokens.Expect(TokenKind.Name, "the name of an attribute").Text);
    }

    private Expression ParseSubscript(Expression node, int line)
    {
        Expression? start = tokens.Current.IsOperator(":") ? null : ParseTuple(end: ":");
        if (!tokens.SkipOperator(":"))
        {
            tokens.ExpectOperator("]");
            return new Subscript(line, node, start!);
        }

        Expression? stop = IsSliceEnd() ? null : Parse();
        Expression? step = tokens.SkipOperator(":") && !IsSliceEnd() ? Parse() : null;
        tokens.ExpectOperator("]");
        return new SliceAccess(line, node, start, stop, step);
    }

    private bool IsSliceEnd() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]");

    private Expression ParseFiltersAndTests(Expression node)
    {
        while (true)
        {
            Token token = tokens.Current;
            if (tokens.SkipOperator("|")) node = ParseFilter(node);
            else if (tokens.SkipName("is")) node = ParseTest(node, token.Line);
            else if (token.IsOperator("(")) node = new CallExpression(token.Line, node, ParseArguments());
            else return node;
            Checked(node);
        }
    }

    /// <summary>A filter's name and arguments, after the '|'.</summary>
    public FilterExpression ParseFilter(Expression? input)
    {
        string name = ParseDottedName("the name of a filter", out int line);
        if (_optional == 0 && Filters.Find(name) is null) _unknown.Add(tokens.Error($"there is no filter named '{name}'"));
        return Checked(new FilterExpression(line, input, name, tokens.Current.IsOperator("(") ? ParseArguments() : CallArguments.None));
    }

    private Expression ParseTest(Expression node, int line)
    {
        bool negated = tokens.SkipName("not");
        string name = ParseDottedName("the name of a test", out _);
        if (_optional == 0 && Tests.Find(name) is null) _unknown.Add(tokens.Error($"there is no test named '{name}'"));
        CallArguments arguments = CallArguments.None;
        if (tokens.Current.IsOperator("(")) arguments = ParseArguments();
        else if (StartsTestArgument(tokens.Current)) arguments = arguments with { Positional = [ParsePostfix(ParsePrimary())] };
        Expression test = Checked(new TestExpression(line, node, name, arguments));
        return negated ? new Unary(line, "not", test) : test;
    }

    private bool StartsTestArgument(Token token)
    {
        if (token.IsName("is")) throw tokens.Error("tests cannot be chained with 'is'");
        if (token.Kind == TokenKind.Name) return token.Text is not ("else" or "or" or "and");
        return token.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || token.IsOperator("[") || token.IsOperator("{");
    }

    private string ParseDottedName(string expected, out int line)
    {
        Token token = tokens.Expect(TokenKind.Name, expected);
        line = token.Line;
        string name = token.Text;
        while (tokens.SkipOperator(".")) name += "." + tokens.Expect(TokenKind.Name, expected).Text;
        return name;
    }

    private CallArguments ParseArguments()
    {
        List<Expression> positional = [];
        List<KeyValuePair<PyString, Expression>> named = [];
        Expression? starred = null, doubleStarred = null;
        tokens.ExpectOperator("(");
        ParseItems(")", () =>
        {
            if (doubleStarred is not null) throw tokens.Error("an argument follows the one with '**'");
            if (tokens.SkipOperator("**")) doubleStarred = Parse();
            else if (tokens.SkipOperator("*")) starred = starred is null ? Parse() : throw tokens.Error("there are two arguments with '*'");
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("=")) named.Add(ParseNamed());
            else if (starred is not null || named.Count > 0) throw tokens.Error("an argument without a name follows one with a name or with '*'");
            else positional.Add(Parse());
            return true;
        });
        return new CallArguments([.. positional], [.. named], starred, doubleStarred);
    }

    private KeyValuePair<PyString, Expression> ParseNamed()
    {
        PyString name = PyString.Written(tokens.Next().Text);
        tokens.Next();
        return new(name, Parse());
    }
}
