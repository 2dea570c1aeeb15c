using System.Text;

namespace Folio.Grammars.Tests;

internal static class Given
{
    public static CompiledGrammar Schema(string schema, GrammarLimits? limits = null) => Grammar.JsonSchema(schema).Compile(limits);

    public static bool Accepts(this CompiledGrammar grammar, string text) => new LazyAutomaton(grammar).Accepts(Encoding.UTF8.GetBytes(text));

    public static bool Accepts(this LazyAutomaton automaton, ReadOnlySpan<byte> text)
    {
        automaton.Work = 0;
        LazyState? state = automaton.Start;
        foreach (byte value in text)
        {
            state = automaton.Step(state, value);
            if (state is null) return false;
        }

        return state.Complete;
    }

    /// <summary>A small vocabulary: bytes, letters' pairs, JSON's marks, words, parts of characters; the last id has no text.</summary>
    public static TokenVocabulary Vocabulary(Func<string, int[]>? encode = null)
    {
        var tokens = new List<byte[]?>();
        for (int value = 0; value < 256; value++) tokens.Add([(byte)value]);
        string[] words =
        [
            "{\"", "\":", "\",", "\"}", "\", \"", "\": \"", "\"}\n", "}}", "[]", "],", "null", "true", "false", "name", "age", " the", "the", "quick", "12", "123", "0.", "-1", "\\n", "\\u00", "é", "日本", "日",
            "\n  ", "  ", "\n", "a", "ab", "abc", "aa", "b", "abb", "ba", "hello world", ".\"", "x\"y", "1,", ", ", "🙂",
        ];
        tokens.AddRange(words.Select(Encoding.UTF8.GetBytes));
        tokens.Add(Encoding.UTF8.GetBytes("日")[..2]);
        tokens.Add([.. "日"u8[1..], .. "a\""u8]);
        tokens.Add(Encoding.UTF8.GetBytes("a"));
        tokens.Add(null);
        return new(tokens, encode);
    }
}
