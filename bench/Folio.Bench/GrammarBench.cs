using System.Diagnostics;
using System.Numerics;
using System.Text;
using Folio.Grammars;

namespace Folio.Bench;

/// <summary>What a grammar costs: compiling, and a mask of the vocabulary at each token of random answers, the first ones included.</summary>
internal static class GrammarBench
{
    private const int Answers = 20, MostTokens = 150;

    private static readonly (string Name, Grammar Grammar)[] s_grammars =
    [
        ("any object", Grammar.JsonObject()),
        ("person", Grammar.JsonSchema("""{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},"kind":{"enum":["cat","dog"]}},"required":["name","age","kind"],"additionalProperties":false}""")),
        ("bounded strings", Grammar.JsonSchema("""{"type":"array","minItems":3,"items":{"type":"string","minLength":10,"maxLength":200}}""")),
        ("patterns", Grammar.JsonSchema("""{"type":"object","properties":{"id":{"type":"string","pattern":"^[a-z]{2,8}-[0-9]+$"},"at":{"type":"string","format":"date-time"},"mail":{"type":"string","format":"email"}},"required":["id","at","mail"]}""")),
        ("tree", Grammar.JsonSchema("""{"type":"object","properties":{"value":{"type":"string"},"children":{"type":"array","items":{"$ref":"#"}}},"required":["value","children"],"additionalProperties":false}""")),
        ("regex .*", Grammar.Regex("(.*\\n)*")),
        ("GBNF sums", Grammar.Gbnf("root ::= term (\" + \" term)*\nterm ::= [0-9]+ | \"(\" root \")\"\n")),
    ];

    public static void Run(int vocabularySize)
    {
        long start = Stopwatch.GetTimestamp();
        var vocabulary = new TokenVocabulary(Tokens(vocabularySize));
        Console.WriteLine(FormattableString.Invariant($"\n{vocabulary.Size} tokens; trees and bitmaps built in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms"));
        Console.WriteLine("| grammar | compile ms | masks | median µs | p99 µs | most µs |\n| --- | ---: | ---: | ---: | ---: | ---: |");
        foreach ((string name, Grammar grammar) in s_grammars)
        {
            Measure(grammar.Compile(), vocabulary, new Random(0)); // compiles the code
            start = Stopwatch.GetTimestamp();
            CompiledGrammar compiled = grammar.Compile();
            double compile = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            double[] times = Measure(compiled, vocabulary, new Random(1));
            Array.Sort(times);
            Console.WriteLine(FormattableString.Invariant($"| {name} | {compile:F1} | {times.Length} | {times[times.Length / 2]:F1} | {times[times.Length * 99 / 100]:F1} | {times[^1]:F1} |"));
        }
    }

    /// <returns>Microseconds of each mask.</returns>
    private static double[] Measure(CompiledGrammar compiled, TokenVocabulary vocabulary, Random random)
    {
        var grammar = new TokenGrammar(compiled, vocabulary);
        var mask = new ulong[vocabulary.MaskWords];
        var times = new List<double>();
        for (int answer = 0; answer < Answers; answer++)
        {
            GrammarState state = grammar.Start;
            for (int step = 0; step < MostTokens; step++)
            {
                long start = Stopwatch.GetTimestamp();
                bool any = grammar.FillMask(state, mask);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                if (!any || !grammar.TryAccept(ref state, Chosen(mask, random))) break;
            }
        }

        return [.. times];
    }

    private static int Chosen(ulong[] mask, Random random)
    {
        int skip = random.Next(mask.Sum(word => BitOperations.PopCount(word)));
        for (int word = 0; ; word++)
        {
            int count = BitOperations.PopCount(mask[word]);
            if (skip >= count)
            {
                skip -= count;
                continue;
            }

            ulong left = mask[word];
            for (; skip > 0; skip--) left &= left - 1;
            return (word << 6) + BitOperations.TrailingZeroCount(left);
        }
    }

    /// <summary>A vocabulary of the usual make: bytes, numbers up to three digits, white space, words with and without a space before, some with punctuation or of other scripts.</summary>
    private static List<byte[]?> Tokens(int count)
    {
        var random = new Random(7);
        var tokens = new List<byte[]?>();
        for (int value = 0; value < 256; value++) tokens.Add([(byte)value]);
        for (int number = 0; number < 1110; number++) tokens.Add(Encoding.ASCII.GetBytes(number < 10 ? $"{number}" : number < 110 ? $"{number - 10:00}" : $"{number - 110:000}"));
        for (int width = 2; width <= 64; width++) tokens.Add(Encoding.ASCII.GetBytes(new string(' ', width)));
        const string letters = "etaoinshrdlcumwfgypbvkjxqz";
        string[] marks = ["\"", "\",", "\":", "\"}", "();\n", ".\n", "\\n", "{\"", "}}", "[]", "='", "->", "</", "/>", ");", "::"];
        while (tokens.Count < count)
        {
            var text = new StringBuilder(random.Next(2) == 0 ? " " : "");
            int length = 2 + random.Next(4) + random.Next(6);
            int script = random.Next(100);
            for (int i = 0; i < length; i++) text.Append(script < 85 ? letters[(int)(letters.Length * random.NextDouble() * random.NextDouble())] : script < 93 ? (char)('а' + random.Next(32)) : (char)(0x4E00 + random.Next(3000)));
            if (random.Next(16) == 0) text.Append(marks[random.Next(marks.Length)]);
            tokens.Add(Encoding.UTF8.GetBytes(text.ToString()));
        }

        return tokens;
    }
}
