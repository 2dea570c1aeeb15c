using System.Globalization;
using System.Runtime.CompilerServices;

namespace Folio.Tokenization.Templates;

/// <summary>Expressions, by the precedence of jinja2/parser.py: if, or, and, not, comparison, + -, ~, * / // %, **, sign, postfix, filter and test.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private const int MaxNesting = 100; // parentheses and signs within each other
    private const int MaxHeight = 500; // operators on top of each other, as in a long sum

    private int _nesting;
    private readonly List<TemplateException> _unknown = []; // filters and tests that do not exist and are needed
    private int _optional;

    /// <summary>Names that were read since this was last cleared: a macro is told by them whether it uses caller, varargs or kwargs.</summary>
    public HashSet<string> NamesRead { get; private set; } = [];

    /// <summary>Parses something that may never be evaluated, where an unknown filter is not yet an error.</summary>
    public T Optional<T>(Func<T> parse)
    {
        _optional++;
        T result = parse();
        _optional--;
        return result;
    }

    /// <summary>The names that a part of the template reads.</summary>
    public HashSet<string> NamesIn(Action parse)
    {
        HashSet<string> outer = NamesRead;
        NamesRead = [];
        parse();
        HashSet<string> inner = NamesRead;
        NamesRead = [.. outer, .. inner];
        return inner;
    }

    /// <summary>Throws for the first filter or test that does not exist, unless nothing may ever use it.</summary>
    public void RefuseUnknown()
    {
        if (_unknown.Count > 0) throw _unknown[0];
    }

    public Expression Parse()
    {
        Enter();
        int known = _unknown.Count;
        Expression result = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            _unknown.RemoveRange(known, _unknown.Count - known); // what stands before 'if' is optional, too
            int line = tokens.Next().Line;
            Expression test = Optional(ParseOr);
            Expression? otherwise = tokens.SkipName("else") ? Optional(Parse) : null;
            result = Checked(new Conditional(line, test, result, otherwise));
        }

        _nesting--;
        return result;
    }

    /// <summary>One expression, or several with commas between them: a tuple.</summary>
    public Expression ParseTuple(bool withCondition = true, bool mayBeEmpty = false, string? end = null)
    {
        int line = tokens.Current.Line;
        List<Expression> items = [];
        bool isTuple = false;
        while (!IsTupleEnd(end))
        {
            items.Add(withCondition ? Parse() : ParseOr());
            if (!tokens.SkipOperator(",")) break;
            isTuple = true;
        }

        if (!isTuple && items.Count == 1) return items[0];
        if (items.Count == 0 && !mayBeEmpty) throw tokens.Unexpected("an expression");
        return Checked(new ListLiteral(line, [.. items], isTuple: true));
    }

    public Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.Current.IsName("or")) left = Checked(new Logical(tokens.Next().Line, isAnd: false, left, ParseAnd()));
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.Current.IsName("and")) left = Checked(new Logical(tokens.Next().Line, isAnd: true, left, ParseNot()));
        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not")) return ParseComparison();
        Enter();
        int line = tokens.Next().Line;
        Expression result = Checked(new Unary(line, "not", ParseNot()));
        _nesting--;
        return result;
    }

    private Expression ParseComparison()
    {
        int line = tokens.Current.Line;
        Expression first = ParseSum();
        List<(string, Expression)> rest = [];
        while (NextComparison() is { } op) rest.Add((op, ParseSum()));
        return rest.Count == 0 ? first : Checked(new Comparison(line, first, [.. rest]));
    }

    private string? NextComparison()
    {
        Token token = tokens.Current;
        if (token.Kind == TokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=") return tokens.Next().Text;
        if (tokens.SkipName("in")) return "in";
        if (!token.IsName("not") || !tokens.Following.IsName("in")) return null;
        tokens.Next();
        tokens.Next();
        return "not in";
    }

    private Expression ParseSum() => ParseBinary(ParseConcatenation, "+", "-");

    private Expression ParseConcatenation()
    {
        int line = tokens.Current.Line;
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~")) return first;
        List<Expression> parts = [first];
        while (tokens.SkipOperator("~")) parts.Add(ParseProduct());
        return Checked(new Concatenation(line, [.. parts]));
    }

    private Expression ParseProduct() => ParseBinary(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseBinary(() => ParseUnary(), "**");

    private Expression ParseBinary(Func<Expression> operand, params string[] operators)
    {
        Expression left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text))
        {
            Token op = tokens.Next();
            left = Checked(new Arithmetic(op.Line, op.Text, left, operand()));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilter = true)
    {
        Enter();
        Token token = tokens.Current;
        Expression result;
        if (token.IsOperator("-") || token.IsOperator("+"))
        {
            tokens.Next();
            result = Checked(new Unary(token.Line, token.Text, ParseUnary(withFilter: false)));
        }
        else
        {
            result = ParsePrimary();
        }

        result = ParsePostfix(result);
        _nesting--;
        return withFilter ? ParseFiltersAndTests(result) : result;
    }

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
                NamesRead.Add(token.Text);
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
        List<KeyValuePair<string, Expression>> named = [];
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

    private KeyValuePair<string, Expression> ParseNamed()
    {
        string name = tokens.Next().Text;
        tokens.Next();
        return new(name, Parse());
    }

    private bool IsTupleEnd(string? end)
    {
        Token token = tokens.Current;
        return token.Kind is TokenKind.PrintEnd or TokenKind.TagEnd || token.IsOperator(")")
            || (end is not null && (token.IsName(end) || token.IsOperator(end) || token.IsOperator("]")));
    }

    private void Enter()
    {
        if (++_nesting > MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw tokens.Error($"expressions are nested more than {MaxNesting} levels deep");
    }

    private T Checked<T>(T node) where T : Expression =>
        node.Height <= MaxHeight ? node : throw tokens.Error($"the expression has more than {MaxHeight} operators on top of each other");
}
