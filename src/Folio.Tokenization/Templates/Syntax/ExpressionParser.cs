using System.Runtime.CompilerServices;

namespace Folio.Tokenization.Templates;

/// <summary>Expressions, by the precedence of jinja2/parser.py: if, or, and, not, comparison, + -, ~, * / // %, **, sign, postfix, filter and test.</summary>
internal sealed partial class ExpressionParser(TokenStream tokens)
{
    private const int MaxNesting = 100; // parentheses and signs within each other
    private const int MaxHeight = 500; // operators on top of each other, as in a long sum

    private readonly List<TemplateException> _unknown = []; // filters and tests that do not exist and are needed
    private HashSet<string> _namesRead = [];
    private int _nesting;
    private int _optional;

    /// <summary>Parses something that may never be evaluated, where an unknown filter is not yet an error.</summary>
    public T Optional<T>(Func<T> parse)
    {
        _optional++;
        T result = parse();
        _optional--;
        return result;
    }

    /// <summary>The names that a part of the template reads: they tell whether a macro uses caller, varargs or kwargs.</summary>
    public HashSet<string> NamesIn(Action parse)
    {
        HashSet<string> outer = _namesRead;
        _namesRead = [];
        parse();
        HashSet<string> inner = _namesRead;
        _namesRead = [.. outer, .. inner];
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
