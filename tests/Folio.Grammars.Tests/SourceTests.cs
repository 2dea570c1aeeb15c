using System.Text;
using System.Text.RegularExpressions;

namespace Folio.Grammars.Tests;

public sealed class SourceTests
{
    [Theory, InlineData("""{"a": [1, "b"], "c": {}}""", true), InlineData("""{"a":1}""", false), InlineData("""{"a": [1,2]}""", false), InlineData("""{ "a": 1}""", false), InlineData("""{"a": 1 }""", false)]
    public void Json_may_be_asked_for_with_fixed_space(string text, bool accepted) => Assert.Equal(accepted, Grammar.JsonObject(fixedSpace: true).Compile().Accepts(text));

    [Theory]
    [InlineData("a|bc*"), InlineData("(ab|a)(c|bcd)?"), InlineData("[^ab]+c{2,3}"), InlineData("(?:a|b){2}c?"), InlineData("a?b?c?d?"), InlineData("(a*b*)*c"), InlineData("[a-c]{0,4}d|"), InlineData("\\w\\d\\s?")]
    [InlineData("^a.c$"), InlineData("(a|b)*a(a|b){3}"), InlineData("a+?b*?"), InlineData("[\\d-]x?"), InlineData("\\u0061\\x62(?<n>c)")]
    public void An_expression_matches_what_dotnets_does(string pattern)
    {
        CompiledGrammar grammar = Grammar.Regex(pattern).Compile();
        var regex = new Regex($"^(?:{pattern})\\z", RegexOptions.ECMAScript.HasFlag(RegexOptions.ECMAScript) && !pattern.Contains("?<", StringComparison.Ordinal) ? RegexOptions.ECMAScript : RegexOptions.None);
        var random = new Random(pattern.Length);
        for (int i = 0; i < 3000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(9)).Select(_ => "aabbccdx1 -é"[random.Next(12)]));
            if (text.Contains('é', StringComparison.Ordinal) && pattern.Contains("\\w", StringComparison.Ordinal)) continue;
            Assert.True(regex.IsMatch(text) == grammar.Accepts(text), text);
        }
    }

    [Theory]
    [InlineData("(?=a)", "lookarounds"), InlineData("(a)\\1", "backreferences"), InlineData("\\bword", "word borders"), InlineData("a(", "a ( has no )"), InlineData("[a", "a [ has no ]"), InlineData("*a", "nothing to repeat"), InlineData("a^b", "^ and $"), InlineData("(?i)a", "inline flags")]
    public void What_an_expression_may_not_have_is_named(string pattern, string reason) => Assert.Contains(reason, Assert.Throws<GrammarException>(() => Grammar.Regex(pattern).Compile()).Message, StringComparison.Ordinal);

    [Fact]
    public void A_grammar_in_llama_cpps_form_is_obeyed()
    {
        CompiledGrammar grammar = Grammar.Gbnf("""
            # sums
            root  ::= term (ws [+-] ws term)*
            term  ::= number | "(" ws root ws ")" |
                      name{1,2}
            number ::= [0-9]+ ("." [0-9]{1,3})?
            name  ::= [a-zé] [^ \n()+\-0-9]? "\x21"
            ws    ::= " "?
            """).Compile();
        foreach (string text in (string[])["1", "1.25 + 2", "(1 - (2+3.5)) + a!", "éz!a!", "a!"]) Assert.True(grammar.Accepts(text), text);
        foreach (string text in (string[])["", "1.", "1.2345", "1 +", "(1", "a", "a!a!a!", "1  + 2"]) Assert.False(grammar.Accepts(text), text);
    }

    [Theory]
    [InlineData("a ::= \"x\"\n", "no rule 'root'"), InlineData("root ::= b\n", "rule 'b', which it doesn't define"), InlineData("root ::= \"a\n", "line 1"), InlineData("root ::= <think>\n", "tokens"), InlineData("root = \"a\"\n", "::= was expected"), InlineData("root ::= root \"a\" | \"b\"\n", "left recursion")]
    public void A_wrong_grammar_is_refused_with_the_reason(string source, string reason) => Assert.Contains(reason, Assert.Throws<GrammarException>(() => Grammar.Gbnf(source).Compile()).Message, StringComparison.Ordinal);

    [Fact]
    public void A_mark_is_allowed_where_a_grammar_names_it_and_in_no_text()
    {
        TokenVocabulary vocabulary = new([.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), null, null], text => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)], [256, 257]);
        TokenGrammar marked = Over(Grammar.Sequence(Grammar.Token(257), Grammar.Literal("ab"), Grammar.Token(256)));
        Assert.Equal([257, 'a', 'b', 256], marked.Forced(marked.Start));
        Assert.True(Accepts(marked, 257, 'a', 'b', 256));
        Assert.False(Accepts(marked, 256, 'a', 'b', 256));

        TokenGrammar call = Over(Grammar.Sequence(Grammar.Token(257), Grammar.AnyOf([Grammar.Literal("ab"), Grammar.Literal("ba")])));
        Assert.Equal([257], call.Forced(call.Start)); // no token reaches beyond a mark

        TokenGrammar through = Over(Grammar.TextThrough("ab", 257));
        Assert.True(Accepts(through, 'a', 'a', 'b'));
        Assert.True(Accepts(through, 'x', 'a', 257));
        Assert.False(Accepts(through, 'x', 256, 257));

        ulong[] mask = new ulong[vocabulary.MaskWords];
        foreach (Grammar text in (Grammar[])[Grammar.JsonSchema("""{"type":"string"}"""), Grammar.Regex("[^a]*"), Grammar.Gbnf("root ::= [^a]* \"\\xFF\""), Grammar.TextThrough("ab")])
        {
            TokenGrammar grammar = Over(text);
            GrammarState state = grammar.Start;
            grammar.TryAccept(ref state, '"');
            Assert.True(grammar.FillMask(state, mask));
            Assert.Equal((0UL, 0UL), (mask[255 >> 6] >> 63, mask[256 >> 6]));
        }

        TokenGrammar Over(Grammar grammar) => new(grammar.Compile(), vocabulary);

        static bool Accepts(TokenGrammar grammar, params int[] tokens)
        {
            GrammarState state = grammar.Start;
            return tokens.All(token => grammar.TryAccept(ref state, token)) && TokenGrammar.IsComplete(state);
        }
    }

    [Fact]
    public void Parts_are_put_together()
    {
        Grammar call = Grammar.Sequence(Grammar.Literal("<tool_call>\n{\"name\": \"add\", \"arguments\": "), Grammar.JsonSchema("""{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"""), Grammar.Literal("}\n</tool_call>"));
        CompiledGrammar grammar = Grammar.AnyOf(Grammar.Repeat(call, 1, 2), Grammar.Literal("none")).Compile();
        const string one = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 12}}\n</tool_call>";
        foreach (string text in (string[])[one, one + one, "none"]) Assert.True(grammar.Accepts(text), text);
        foreach (string text in (string[])["", one + one + one, "nonenone", one.Replace("12", "1.5", StringComparison.Ordinal)]) Assert.False(grammar.Accepts(text), text);
    }

    [Fact]
    public void Text_goes_on_through_the_first_mark()
    {
        CompiledGrammar grammar = Grammar.Sequence(Grammar.TextThrough("aab"), Grammar.Literal("!")).Compile();
        foreach (string text in (string[])["aab!", "aaab!", "xaéaaaab!"]) Assert.True(grammar.Accepts(text), text);
        foreach (string text in (string[])["aab", "aabaab!", "ab!", "!"]) Assert.False(grammar.Accepts(text), text);
    }

    [Fact]
    public void A_choice_is_one_of_its_texts()
    {
        CompiledGrammar grammar = Grammar.Choice(["yes", "no", "not yet", "", "日本"]).Compile();
        foreach (string text in (string[])["yes", "no", "not yet", "", "日本"]) Assert.True(grammar.Accepts(text), text);
        foreach (string text in (string[])["ye", "not", "yesno", "日"]) Assert.False(grammar.Accepts(text), text);
    }

    [Theory]
    [InlineData("""{ "a" : 1 }""", false), InlineData("""{ "a": 1 }""", true), InlineData("{\n  \"a\": 1\n}", true), InlineData("{\n\t\"a\":\n1}", true), InlineData("""{  "a": 1}""", false), InlineData(""" {"a":1}""", false), InlineData("""{"a":"\ud83d\ude42"}""", true), InlineData("""{"a":"\ud83d"}""", false), InlineData("{\"a\":\"\n\"}", false), InlineData("""{"a":01}""", false), InlineData("""{"a":-1.5e+3}""", true)]
    public void Json_is_written_with_little_space_and_sound_escapes(string text, bool accepted) => Assert.Equal(accepted, Grammar.JsonObject().Compile().Accepts(text));

    [Theory]
    [InlineData("""{"type":"object","uniqueItems":true,"items":{"type":"integer"},"type":"array"}""", "uniqueItems"), InlineData("""{"foo":1}""", "\"foo\""), InlineData("""{"properties":{"a/b":{"format":"color"}}}""", "color\" isn't supported (at #/properties/a~1b)")]
    [InlineData("""{"minLength":"x"}""", "minLength must be a number"), InlineData("""{"type":"text"}""", "none of JSON's"), InlineData("[]", "a schema is an object"), InlineData("{", "isn't JSON"), InlineData("""{"pattern":"(?=a)"}""", "lookarounds"), InlineData("""{"const":"\ud800"}""", "surrogate"), InlineData("""{"allOf":[{"const":1},{"const":2}]}""", "no value can satisfy the schema."), InlineData("""{"type":"string","allOf":[{"pattern":"b"},{"pattern":"a"},{"not":{"pattern":"a"}}]}""", "no value can satisfy the schema.")]
    [InlineData("""{"type":"object","properties":{"a":{"enum":[]}},"required":["a"]}""", "schema: enum is empty (at #/properties/a)."), InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "minimum and maximum leave nothing"), InlineData("""{"type":"object","properties":{"a":{}},"required":["b"],"additionalProperties":false}""", "required has \"b\", which additionalProperties forbids (at #).")]
    public void What_a_schema_may_not_have_is_named(string schema, string reason) => Assert.Contains(reason, Assert.Throws<GrammarException>(() => Given.Schema(schema)).Message, StringComparison.Ordinal);

    [Fact]
    public void Bounds_of_numbers_are_exact()
    {
        var random = new Random(5);
        for (int i = 0; i < 150; i++)
        {
            decimal low = (decimal)random.Next(-12000, 12000) / 100, high = low + ((decimal)random.Next(0, 5000) / 100);
            bool exclusive = random.Next(2) == 0, integer = random.Next(2) == 0;
            string maximum = exclusive ? "exclusiveMaximum" : "maximum";
            LazyAutomaton automaton;
            try
            {
                automaton = new(Given.Schema(FormattableString.Invariant($"{{\"type\":\"{(integer ? "integer" : "number")}\",\"minimum\":{low},\"{maximum}\":{high}}}")));
            }
            catch (GrammarException)
            {
                Assert.True(integer || exclusive); // no number lies between
                continue;
            }

            for (int j = 0; j < 200; j++)
            {
                decimal value = random.Next(3) == 0 ? low + ((decimal)random.Next(-20, 20) / 100) : random.Next(2) == 0 ? high + ((decimal)random.Next(-20, 20) / 100) : random.Next(-200, 200);
                if (integer) value = decimal.Truncate(value);
                bool expected = value >= low && (exclusive ? value < high : value <= high);
                string text = value.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(expected == automaton.Accepts(Encoding.ASCII.GetBytes(text)), $"{text} in {low} to {high}, {maximum}");
            }
        }
    }
}
