using System.Text;

namespace Folio.Tokenization.Tests;

/// <summary>Damaged and hostile files: one clear error, never another exception.</summary>
public sealed class HostileFileTests
{
    public static TheoryData<string, string> Damaged => new()
    {
        { "", "not valid JSON" },
        { "[]", "expected a JSON object" },
        { "{}", "there is no 'model'" },
        { "{\"model\":", "not valid JSON" },
        { "{\"model\":" + new string('[', 5000), "not valid JSON" },
        { TinyJson.Write(type: "Unigram"), "kind 'Unigram' are not supported" },
        { TinyJson.Write(type: "WordPiece"), "needs an 'unk_token'" },
        { TinyJson.Write(vocab: "[]"), "'vocab' is expected to be an object" },
        { TinyJson.Write(vocab: """{"a":-1}"""), "ids start at 0" },
        { TinyJson.Write(vocab: """{"a":2147483647}""", merges: "[]"), "nearly" },
        { TinyJson.Write(vocab: """{"a":1e3}"""), "not a whole number" },
        { TinyJson.Write(vocab: """{"a":0,"b":0}""", merges: "[]"), "belongs to two tokens" },
        { TinyJson.Write(vocab: """{"a":0,"a":1}""", merges: "[]"), "appears twice" },
        { TinyJson.Write(vocab: """{"\ud800":0}""", merges: "[]"), "tiny.json" },
        { TinyJson.Write(merges: """["a b"]"""), "merge 0 names 'ab'" },
        { TinyJson.Write(merges: """["ab"]"""), "two tokens with a space" },
        { TinyJson.Write(merges: """[["b"]]"""), "merge 0 is expected to be two tokens" },
        { TinyJson.Write(merges: "[3]"), "merge 0 is expected to be two tokens" },
        { TinyJson.Write(preTokenizer: """{"type":"Magic"}"""), "pre_tokenizer 'Magic' is not supported" },
        { TinyJson.Write(preTokenizer: """{"type":"Split","pattern":{"Regex":"(?<a>b)"},"behavior":"Isolated"}"""), "this kind of group" },
        { TinyJson.Write(normalizer: """{"type":"Lowercase"}"""), "normalizer 'Lowercase' is not supported" },
        { TinyJson.Write(normalizer: "3"), "expected an object" },
        { TinyJson.Write(postProcessor: """{"type":"RobertaProcessing","cls":["x",9],"sep":["y",0]}"""), "token id 9" },
        { TinyJson.Write(addedTokens: """[{"id":4}]"""), "'content' is expected" },
        { TinyJson.Write(more: ""","unk_token":"?" """), "lacks 'unk_token'" },
        { TinyJson.Write(more: ""","end_of_word_suffix":"</w>" """), "'end_of_word_suffix' is not supported" },
    };

    [Theory, MemberData(nameof(Damaged))]
    public void A_damaged_tokenizer_json_is_refused_with_the_reason(string json, string reason)
    {
        var error = Assert.Throws<TokenizerException>(() => TinyJson.Load(json.AsSpan()));
        Assert.StartsWith("tiny.json: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_files_load_or_are_refused_and_never_crash()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] files = [Encoding.UTF8.GetBytes(TinyJson.Write()), File.ReadAllBytes(TestData.Shared("models", "stories260K-hf", "tokenizer.json"))];
        for (int round = 0; round < 3000; round++)
        {
            byte[] json = [.. files[round % 20 == 0 ? 1 : 0]];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                // Around a short token of the file: what is likely to stay JSON finds more than noise does.
                int at = random.Next(json.Length);
                json[at] = (byte)(random.Next(3) == 0 ? random.Next(256) : "0123456789{}[]\",:- abtrufnlse\\"[random.Next(30)]);
            }

            try
            {
                Tokenizer tokenizer = Tokenizer.FromJson(random.Next(8) == 0 ? json.AsSpan(0, random.Next(json.Length)) : json, "mutated.json");
                tokenizer.Decode(tokenizer.Encode("a bb <s> é 😀", addSpecialTokens: true));
            }
            catch (TokenizerException e)
            {
                Assert.StartsWith("mutated.json: ", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_damaged_GGUF_vocabulary_is_refused_with_the_reason()
    {
        var good = new GgufVocabulary { FileName = "m.gguf", Model = "gpt2", Pre = "gpt-2", Tokens = ["a", "b", "ab"], Merges = ["a b"] };
        Assert.Equal([2], Tokenizer.FromGguf(good).Encode("ab"));
        Refused(good with { Model = "t5" }, "'t5' is not supported");
        Refused(good with { Model = "bert" }, "no tokens [UNK], [CLS] and [SEP]");
        Refused(good with { Pre = "nonesuch" }, "'nonesuch' is not supported");
        Refused(good with { Tokens = [] }, "is empty");
        Refused(good with { Merges = null }, "merges is missing");
        Refused(good with { Merges = ["a c"] }, "merge 0 names 'c'");
        Refused(good with { Merges = [""] }, "two tokens with a space");
        Refused(good with { TokenTypes = [1] }, "token_type has 1 entries for 3 tokens");
        Refused(good with { BosId = 3 }, "bos_token_id is 3");
        var pieces = good with { Model = "llama", Scores = [0, -1, -2] };
        Assert.Equal([2], Tokenizer.FromGguf(pieces with { AddSpacePrefix = false, AddBos = false }).Encode("ab"));
        Refused(pieces with { Scores = null }, "scores is missing");
        Refused(pieces with { Scores = [0, float.NaN, 0] }, "not a number");
        Refused(pieces with { Tokens = ["a", "b", new string('c', 10_000)] }, "10000 bytes long");
    }

    private static void Refused(GgufVocabulary vocabulary, string reason)
    {
        var error = Assert.Throws<TokenizerException>(() => Tokenizer.FromGguf(vocabulary));
        Assert.StartsWith("m.gguf: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
