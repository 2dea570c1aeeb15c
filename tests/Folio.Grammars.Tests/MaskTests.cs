using System.Text;

namespace Folio.Grammars.Tests;

public sealed class MaskTests
{
    private static readonly Grammar[] s_grammars =
    [
        Grammar.JsonObject(),
        Grammar.JsonSchema("""{"type":"object","properties":{"name":{"type":"string","maxLength":5},"age":{"type":"integer","minimum":0,"maximum":120},"tags":{"type":"array","items":{"enum":["the","quick"]}}},"required":["name"]}"""),
        Grammar.JsonSchema("""{"type":"string","pattern":"^[a-z]+é?$","minLength":2}"""),
        Grammar.JsonSchema("""{"anyOf":[{"type":"string"},{"const":"a\"b"},{"type":"array","items":{"$ref":"#"}}]}"""),
        Grammar.Regex("(a|b)*a(a|b){8}"),
        Grammar.Regex(@".*[^a-z\n]{2,}|日本+"),
        Grammar.Choice(["abc", "ab", "the quick", "123"]),
        Grammar.Gbnf("root ::= \"a\" root \"b\" | \"ab\"\n"),
        Grammar.Sequence(Grammar.TextThrough("</a>"), Grammar.Repeat(Grammar.Literal("ab"), 1, 3)),
    ];

    public static TheoryData<int> Grammars => [.. Enumerable.Range(0, s_grammars.Length)];

    [Theory, MemberData(nameof(Grammars))]
    public void A_mask_has_just_the_tokens_that_can_be_read_byte_by_byte(int index)
    {
        TokenVocabulary vocabulary = Given.Vocabulary();
        CompiledGrammar compiled = s_grammars[index].Compile();
        var grammar = new TokenGrammar(compiled, vocabulary);
        var naive = new LazyAutomaton(compiled);
        var mask = new ulong[vocabulary.MaskWords];
        var random = new Random(index);
        for (int walk = 0; walk < 60; walk++)
        {
            GrammarState state = grammar.Start;
            LazyState place = naive.Start;
            for (int step = 0; step < 20; step++)
            {
                grammar.FillMask(state, mask);
                var allowed = new List<int>();
                for (int token = 0; token < vocabulary.Size; token++)
                {
                    bool expected = Follow(naive, place, vocabulary.Bytes(token)) is not null;
                    Assert.True(expected == ((mask[token >> 6] >> (token & 63) & 1) == 1), $"token {token} '{Encoding.UTF8.GetString(vocabulary.Bytes(token))}', walk {walk}, step {step}");
                    if (expected) allowed.Add(token);
                }

                Assert.Equal(place.Complete, TokenGrammar.IsComplete(state));
                if (allowed.Count == 0) break;
                int chosen = allowed[random.Next(allowed.Count)];
                Assert.True(grammar.TryAccept(ref state, chosen));
                place = Follow(naive, place, vocabulary.Bytes(chosen))!;
            }
        }
    }

    [Fact]
    public void A_copied_state_goes_its_own_way()
    {
        var grammar = new TokenGrammar(Grammar.Choice(["ab", "aa"]).Compile(), Given.Vocabulary());
        GrammarState one = grammar.Start;
        Assert.True(grammar.TryAccept(ref one, 'a'));
        GrammarState other = one;
        Assert.True(grammar.TryAccept(ref one, 'b'));
        Assert.False(grammar.TryAccept(ref one, 'b'));
        Assert.True(grammar.TryAccept(ref other, 'a'));
        Assert.True(TokenGrammar.IsFinal(one) && TokenGrammar.IsFinal(other));
    }

    [Fact]
    public void What_is_forced_is_told_up_to_the_next_choice()
    {
        TokenVocabulary vocabulary = Given.Vocabulary(text => [.. Encoding.UTF8.GetBytes(text)]);
        var grammar = new TokenGrammar(Grammar.Sequence(Grammar.Literal("<call>"), Grammar.Choice(["one", "other"])).Compile(), vocabulary);
        Assert.Equal("<call>", Text(grammar.Forced(grammar.Start))); // a token that begins with the o may reach further
        GrammarState state = grammar.Start;
        Assert.True(grammar.TryAccept(ref state, "<call>on"u8));
        Assert.Equal("e", Text(grammar.Forced(state)));              // the end
        Assert.True(grammar.TryAccept(ref state, 'e'));
        Assert.Empty(Text(grammar.Forced(state)));

        string Text(ReadOnlySpan<int> tokens) => string.Concat(tokens.ToArray().Select(token => Encoding.UTF8.GetString(vocabulary.Bytes(token))));
    }

    [Fact]
    public void What_comes_again_allocates_nothing()
    {
        TokenVocabulary vocabulary = Given.Vocabulary();
        var grammar = new TokenGrammar(Grammar.JsonObject().Compile(), vocabulary);
        var mask = new ulong[vocabulary.MaskWords];
        byte[] text = """{"name": "the quick", "age": [1, 2, {"a": null}]}"""u8.ToArray();
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            GrammarState state = grammar.Start;
            foreach (byte value in text)
            {
                grammar.FillMask(state, mask);
                Assert.True(grammar.TryAccept(ref state, value));
            }
        }
    }

    private static LazyState? Follow(LazyAutomaton automaton, LazyState place, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return null;
        LazyState? next = place;
        foreach (byte value in bytes)
        {
            next = automaton.Step(next, value);
            if (next is null) return null;
        }

        return next;
    }
}
