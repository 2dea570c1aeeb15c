using System.Diagnostics;
using System.Text;

namespace Folio.Grammars.Tests;

/// <summary>Hostile grammars are compiled fast or refused, whatever they are; nothing hangs and nothing overflows the stack.</summary>
public sealed class LimitTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60); // the limit is 10 s of a machine that others use too

    private static readonly Dictionary<string, Func<Grammar>> s_hostile = new()
    {
        ["100,000 choices"] = () => Grammar.Choice([.. Enumerable.Range(0, 100_000).Select(i => $"choice number {i}")]),
        ["enum of 100,000"] = () => Grammar.JsonSchema($$"""{"enum":[{{string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"value {i}\""))}}]}"""),
        ["5,000 properties"] = () => Grammar.JsonSchema("{\"type\":\"object\",\"properties\":{" + string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"\"property {i}\":{{\"type\":\"string\"}}")) + "}}"),
        ["a schema that is itself"] = () => Grammar.JsonSchema("""{"$ref":"#"}"""),
        ["two schemas that are each other"] = () => Grammar.JsonSchema("""{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"""),
        ["alternatives of itself"] = () => Grammar.JsonSchema("""{"anyOf":[{"$ref":"#"},{"$ref":"#"},{"type":"string"}]}"""),
        ["the negation of itself"] = () => Grammar.JsonSchema("""{"not":{"$ref":"#"}}"""),
        ["an object that holds itself"] = () => Grammar.JsonSchema("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"""),
        ["oneOf of itself"] = () => Grammar.JsonSchema("""{"oneOf":[{"type":"null"},{"type":"array","items":{"$ref":"#"}},{"type":"object","additionalProperties":{"$ref":"#"}}]}"""),
        ["many anyOf together"] = () => Grammar.JsonSchema($$"""{"allOf":[{{string.Join(',', Enumerable.Range(0, 24).Select(i => $"{{\"anyOf\":[{{\"minLength\":{i}}},{{\"maxLength\":{100 + i}}}]}}"))}}]}"""),
        ["a tail that a table can't have"] = () => Grammar.Regex("(a|b)*a(a|b){18}"),
        ["the same in a pattern with a length"] = () => Grammar.JsonSchema("""{"type":"string","pattern":"^(a|b)*a(a|b){18}$","maxLength":100}"""),
        ["100,000 letters"] = () => Grammar.Regex("[a-z]{100000}"),
        ["a million million letters"] = () => Grammar.Regex("((a{1000}){1000}){1000000}"),
        ["groups in groups"] = () => Grammar.Regex(new string('(', 100_000) + new string(')', 100_000)),
        ["stars on stars"] = () => Grammar.Regex(string.Concat(Enumerable.Repeat("(", 100)) + "a" + string.Concat(Enumerable.Repeat("*)", 100)) + "{0,100}"),
        ["stars in a grammar"] = () => Grammar.Gbnf("root ::= " + new string('(', 150) + "\"a\"" + string.Concat(Enumerable.Repeat("*)", 150)) + "\n"),
        ["a rule that begins with itself"] = () => Grammar.Gbnf("root ::= root \"a\" | \"a\"\n"),
        ["rules that begin with each other"] = () => Grammar.Gbnf("root ::= b* a\na ::= b root\nb ::= \"\"\n"),
        ["a rule without end"] = () => Grammar.Gbnf("root ::= \"a\" root\n"),
        ["a chain of 50,000 rules"] = () => Grammar.Gbnf("root ::= r0\n" + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"r{i} ::= r{i + 1}\n")) + "r50000 ::= \"a\"\n"),
        ["maxLength of a billion"] = () => Grammar.JsonSchema("""{"type":"string","maxLength":1000000000}"""),
        ["many members, counted"] = () => Grammar.JsonSchema("""{"type":"object","maxProperties":1000000}"""),
        ["deep schema"] = () => Grammar.JsonSchema(string.Concat(Enumerable.Repeat("{\"items\":", 10_000)) + "true" + new string('}', 10_000)),
        ["an exponent of a billion"] = () => Grammar.JsonSchema("""{"type":"number","maximum":1e1000000000}"""),
    };

    public static TheoryData<string> Hostile => [.. s_hostile.Keys];

    [Theory, MemberData(nameof(Hostile))]
    public void Is_compiled_fast_or_refused(string name)
    {
        long start = Stopwatch.GetTimestamp();
        TokenVocabulary vocabulary = Given.Vocabulary();
        try
        {
            CompiledGrammar compiled = s_hostile[name]().Compile();
            var grammar = new TokenGrammar(compiled, vocabulary);
            var mask = new ulong[vocabulary.MaskWords];
            GrammarState state = grammar.Start;
            var random = new Random(1);
            for (int step = 0; step < 50 && grammar.FillMask(state, mask); step++)
            {
                int[] allowed = [.. Enumerable.Range(0, vocabulary.Size).Where(token => (mask[token >> 6] >> (token & 63) & 1) == 1)];
                Assert.True(grammar.TryAccept(ref state, allowed[random.Next(allowed.Length)]));
            }
        }
        catch (GrammarException error)
        {
            Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        }

        Assert.True(Stopwatch.GetElapsedTime(start) < s_patience);
    }

    [Fact]
    public void A_compilation_that_nobody_waits_for_ends()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Grammar.Choice([.. Enumerable.Range(0, 10_000).Select(i => $"{i}")]).Compile(cancellation: cancelled.Token));
    }

    [Fact]
    public void A_limit_of_time_is_kept_and_named()
    {
        var error = Assert.Throws<GrammarException>(() => Grammar.Regex("[a-z]{100000}").Compile(new() { Timeout = TimeSpan.Zero }));
        Assert.Contains("took longer than 0 seconds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_outlives_the_automatons_memory()
    {
        // Texts of random brackets lead to ever new stacks, far more than are kept.
        var grammar = new TokenGrammar(Grammar.Gbnf("root ::= (\"(\" root \")\" | \"[\" root \"]\")* \"x\"\n").Compile(), Given.Vocabulary());
        var random = new Random(3);
        var open = new Stack<char>();
        GrammarState state = grammar.Start;
        for (int i = 0; i < 100_000; i++)
        {
            char next = random.Next(2) == 0 ? '(' : '[';
            open.Push(next);
            Assert.True(grammar.TryAccept(ref state, next));
        }

        while (open.TryPop(out char last)) Assert.True(grammar.TryAccept(ref state, Encoding.ASCII.GetBytes(last == '(' ? "x)" : "x]")));
        Assert.True(grammar.TryAccept(ref state, 'x'));
        Assert.True(TokenGrammar.IsFinal(state));
    }
}
