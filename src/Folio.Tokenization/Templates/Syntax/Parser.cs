using System.Runtime.CompilerServices;

namespace Folio.Tokenization.Templates;

/// <summary>Statements: the tags between {% and %}, and the text around them.</summary>
internal sealed class Parser
{
    private const int MaxNesting = 100;

    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _nesting;
    private int _loops;

    private Parser(TokenStream tokens) => (_tokens, _expressions) = (tokens, new ExpressionParser(tokens));

    public static Block Parse(string source, string name)
    {
        var parser = new Parser(new TokenStream(Lexer.Tokenize(source, name), name));
        Block template = parser.ParseBlock(opener: null, []);
        parser._expressions.RefuseUnknown();
        return template;
    }

    /// <summary>Statements up to one of the tags in <paramref name="ends"/>, whose name is read as well.</summary>
    private Block ParseBody(string opener, out string end, params string[] ends)
    {
        _tokens.Expect(TokenKind.TagEnd, "'%}'");
        Block body = ParseBlock(opener, ends);
        end = _tokens.Next().Text;
        return body;
    }

    private Block ParseBody(string opener, string end)
    {
        Block body = ParseBody(opener, out _, end);
        _tokens.Expect(TokenKind.TagEnd, "'%}'");
        return body;
    }

    private Block ParseBlock(string? opener, string[] ends)
    {
        if (++_nesting > MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw _tokens.Error($"tags are nested more than {MaxNesting} levels deep");
        List<Statement> statements = [];
        while (true)
        {
            Token token = _tokens.Next();
            if (token.Kind == TokenKind.Data)
            {
                statements.Add(new DataStatement(token.Line, token.Text));
            }
            else if (token.Kind == TokenKind.PrintBegin)
            {
                statements.Add(new PrintStatement(token.Line, _expressions.ParseTuple()));
                _tokens.Expect(TokenKind.PrintEnd, "'}}'");
            }
            else if (token.Kind == TokenKind.TagBegin)
            {
                if (_tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text)) break;
                statements.Add(ParseTag());
            }
            else
            {
                if (opener is not null) throw _tokens.Error($"the template ends inside '{opener}': expected {string.Join(" or ", ends.Select(end => $"'{end}'"))}");
                break;
            }
        }

        _nesting--;
        return new Block([.. statements]);
    }

    private Statement ParseTag()
    {
        Token tag = _tokens.Expect(TokenKind.Name, "the name of a tag");
        Statement statement = tag.Text switch
        {
            "if" => ParseIf(tag.Line),
            "for" => ParseFor(tag.Line),
            "set" => ParseSet(tag.Line),
            "macro" => ParseMacro(tag.Line),
            "call" => ParseCall(tag.Line),
            "with" => ParseWith(tag.Line),
            "filter" => ParseFilter(tag.Line),
            "generation" => new ScopedStatement(tag.Line, [], ParseBody("generation", "endgeneration")),
            "block" => ParseNamedBlock(tag.Line),
            "print" => new PrintStatement(tag.Line, _expressions.ParseTuple()),
            "break" => ParseJump(tag, Flow.Break),
            "continue" => ParseJump(tag, Flow.Continue),
            "include" or "extends" or "import" or "from" => throw _tokens.Error($"'{tag.Text}' needs other templates, and a chat template stands alone"),
            _ => throw _tokens.Error($"there is no tag named '{tag.Text}'"),
        };
        if (tag.Text is "set" or "print" or "break" or "continue" && statement is not SetBlockStatement) _tokens.Expect(TokenKind.TagEnd, "'%}'");
        return statement;
    }

    private IfStatement ParseIf(int line)
    {
        List<(Expression, Block)> branches = [];
        Block? otherwise = null;
        string end = "elif";
        while (end == "elif")
        {
            Expression test = branches.Count == 0 ? ParseTest() : _expressions.Optional(ParseTest);
            branches.Add((test, _expressions.Optional(() => ParseBody("if", out end, "elif", "else", "endif"))));
        }

        if (end == "else") otherwise = _expressions.Optional(() => ParseBody("if", out _, "endif"));
        _tokens.Expect(TokenKind.TagEnd, "'%}'");
        return new IfStatement(line, [.. branches], otherwise);
    }

    private Expression ParseTest() => _expressions.ParseTuple(withCondition: false);

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTargets("in");
        _tokens.ExpectName("in");
        Expression source = _expressions.ParseTuple(withCondition: false, end: "recursive");
        Expression? filter = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool isRecursive = _tokens.SkipName("recursive");
        _loops++;
        Block body = ParseBody("for", out string end, "endfor", "else");
        _loops--;
        Block? otherwise = end == "else" ? ParseBody("for", out _, "endfor") : null;
        _tokens.Expect(TokenKind.TagEnd, "'%}'");
        return new ForStatement(line, target, source, filter, isRecursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTargets("=");
        if (_tokens.SkipOperator("=")) return new SetStatement(line, target, _expressions.ParseTuple());
        FilterExpression? filter = ParseFilterChain();
        return new SetBlockStatement(line, target, filter, ParseBody("set", "endset"));
    }

    private FilterStatement ParseFilter(int line)
    {
        FilterExpression first = _expressions.ParseFilter(null);
        FilterExpression filter = ParseFilterChain(first)!;
        return new FilterStatement(line, filter, ParseBody("filter", "endfilter"));
    }

    private FilterExpression? ParseFilterChain(FilterExpression? chain = null)
    {
        while (_tokens.SkipOperator("|")) chain = _expressions.ParseFilter(chain);
        return chain;
    }

    private ScopedStatement ParseWith(int line)
    {
        List<(Target, Expression)> names = [];
        while (_tokens.Current.Kind != TokenKind.TagEnd)
        {
            if (names.Count > 0) _tokens.ExpectOperator(",");
            Target target = ParseTarget();
            _tokens.ExpectOperator("=");
            names.Add((target, _expressions.Parse()));
        }

        return new ScopedStatement(line, [.. names], ParseBody("with", "endwith"));
    }

    private ScopedStatement ParseNamedBlock(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of a block").Text;
        Block body = ParseBody("block", out _, "endblock");
        _tokens.SkipName(name);
        _tokens.Expect(TokenKind.TagEnd, "'%}'");
        return new ScopedStatement(line, [], body);
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of a macro").Text;
        _tokens.ExpectOperator("(");
        return new MacroStatement(line, ParseMacroRest(name, "macro", "endmacro"));
    }

    private CallStatement ParseCall(int line)
    {
        MacroDefinition? caller = null;
        List<string> parameters = [];
        List<Expression?> defaults = [];
        if (_tokens.SkipOperator("(")) ParseParameters(parameters, defaults);
        if (_expressions.Parse() is not CallExpression call) throw _tokens.Error("expected a call of a macro after 'call'");
        HashSet<string> names = _expressions.NamesIn(() => caller = Define("caller", parameters, defaults, ParseMacroBody("call", "endcall")));
        return new CallStatement(line, call, WithUses(caller!, names));
    }

    private MacroDefinition ParseMacroRest(string name, string opener, string end)
    {
        MacroDefinition? definition = null;
        HashSet<string> names = _expressions.NamesIn(() =>
        {
            List<string> parameters = [];
            List<Expression?> defaults = [];
            ParseParameters(parameters, defaults);
            definition = Define(name, parameters, defaults, ParseMacroBody(opener, end));
        });
        return WithUses(definition!, names);
    }

    /// <summary>A macro's body; loops around the macro are not its own to break.</summary>
    private Block ParseMacroBody(string opener, string end)
    {
        (int loops, _loops) = (_loops, 0);
        Block body = ParseBody(opener, end);
        _loops = loops;
        return body;
    }

    private static MacroDefinition Define(string name, List<string> parameters, List<Expression?> defaults, Block body) =>
        new(name, [.. parameters], [.. defaults], body, false, false, false);

    private static MacroDefinition WithUses(MacroDefinition macro, HashSet<string> names) => macro with
    {
        UsesCaller = names.Contains("caller"),
        UsesVarargs = names.Contains("varargs"),
        UsesKwargs = names.Contains("kwargs"),
    };

    /// <summary>Parameters up to the closing parenthesis.</summary>
    private void ParseParameters(List<string> parameters, List<Expression?> defaults)
    {
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0) _tokens.ExpectOperator(",");
            parameters.Add(_tokens.Expect(TokenKind.Name, "the name of a parameter").Text);
            if (_tokens.SkipOperator("=")) defaults.Add(_expressions.Parse());
            else if (defaults.Count > 0 && defaults[^1] is not null) throw _tokens.Error("a parameter without a default follows one that has a default");
            else defaults.Add(null);
        }

        _tokens.ExpectOperator(")");
    }

    private JumpStatement ParseJump(Token tag, Flow flow) =>
        _loops > 0 ? new JumpStatement(tag.Line, flow) : throw _tokens.Error($"'{tag.Text}' stands outside of a loop");

    private Target ParseTargets(string end)
    {
        List<Target> targets = [];
        bool isTuple = false;
        while (!_tokens.Current.IsName(end) && !_tokens.Current.IsOperator(end) && _tokens.Current.Kind != TokenKind.TagEnd)
        {
            targets.Add(ParseTarget());
            if (!_tokens.SkipOperator(",")) break;
            isTuple = true;
        }

        if (targets.Count == 0) throw _tokens.Unexpected("a name to assign to");
        return isTuple ? new TupleTarget([.. targets]) : targets[0];
    }

    private Target ParseTarget()
    {
        if (_tokens.SkipOperator("("))
        {
            if (++_nesting > MaxNesting) throw _tokens.Error($"targets are nested more than {MaxNesting} levels deep");
            Target inner = ParseTargets(")");
            _tokens.ExpectOperator(")");
            _nesting--;
            return inner;
        }

        Token name = _tokens.Expect(TokenKind.Name, "a name to assign to");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None") throw _tokens.Error($"cannot assign to '{name.Text}'");
        return _tokens.SkipOperator(".")
            ? new AttributeTarget(name.Text, _tokens.Expect(TokenKind.Name, "the name of an attribute").Text)
            : new NameTarget(name.Text);
    }
}
