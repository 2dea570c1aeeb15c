using System.Text.Json;

namespace Folio.Tokenization.Tests;

/// <summary>Tokenizers out of GGUF metadata.</summary>
public sealed class GgufTests
{
    public static TheoryData<string> GoldenModels => [.. TestData.SharedNames("golden", "gguf-*")];

    [Fact]
    public void SmolLM2_from_its_model_file_gives_the_ids_of_its_tokenizer_json()
    {
        Vectors vectors = Vectors.Of(Tokenizer.FromGguf(GgufMetadata.ReadVocabulary(TestData.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"))), "smollm2");
        Check.All(vectors.Texts, vector =>
        {
            Assert.Equal(vector.Ids, vectors.Tokenizer.Encode(vector.Text));
            Assert.Equal(vector.IdsPlain, vectors.Tokenizer.Encode(vector.Text, parseSpecial: false));
            Assert.Equal(vector.Decoded, vectors.Tokenizer.Decode(vector.IdsSpecial));
            Assert.Equal(vector.DecodedSkip, vectors.Tokenizer.Decode(vector.IdsSpecial, skipSpecialTokens: true));
        });
        Assert.Equal((1, 2), (vectors.Tokenizer.BosId, vectors.Tokenizer.EosId));
    }

    /// <summary>As llama.cpp's converter writes a WordPiece vocabulary: ▁ before a word's first piece, no mark before the others.</summary>
    [Fact]
    public void A_WordPiece_vocabulary_gives_the_ids_of_its_tokenizer_json()
    {
        using JsonDocument json = JsonDocument.Parse(Vectors.ReadShipped("bert_minilm"));
        JsonProperty[] pieces = [.. json.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(piece => piece.Value.GetInt32())];
        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        GgufVocabulary vocabulary = new()
        {
            Model = "bert",
            Tokens = [.. pieces.Select(piece => piece.Name switch { ['[', .., ']'] mark => mark, ['#', '#', .. string rest] => rest, string word => "▁" + word })],
            TokenTypes = [.. pieces.Select(piece => special.Contains(piece.Name) ? 3 : 1)],
            UnkId = 100,
            ClsId = 101,
            SepId = 102,
        };
        Vectors vectors = Vectors.Of(Tokenizer.FromGguf(vocabulary), "bert_minilm");
        Check.All(vectors.Texts, vector =>
        {
            Assert.Equal(vector.Ids, vectors.Tokenizer.Encode(vector.Text));
            Assert.Equal(vector.IdsSpecial, vectors.Tokenizer.Encode(vector.Text, addSpecialTokens: true));
            Assert.Equal(vector.DecodedSkip, vectors.Tokenizer.Decode(vector.IdsSpecial, skipSpecialTokens: true));
        });
    }

    [Theory(SkipTestWithoutData = true), MemberData(nameof(GoldenModels))] // the data lie beside the repository
    public void SentencePiece_vocabularies_give_the_ids_of_the_reference(string model)
    {
        Tokenizer tokenizer = Tokenizer.FromGguf(GgufMetadata.ReadVocabulary(TestData.Shared("golden", model, "model.gguf")));
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(TestData.Shared("golden", model, "expected.json")));
        foreach (JsonElement entry in expected.RootElement.GetProperty("tokenizer").EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            int[] ids = tokenizer.Encode(text, addSpecialTokens: true);
            Assert.Equal(entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), ids);
            Assert.Equal(text, tokenizer.Decode(ids, skipSpecialTokens: true));
        }
    }

    [Fact]
    public void The_demo_model_gives_the_same_ids_from_its_two_files()
    {
        Tokenizer gguf = Tokenizer.FromGguf(GgufMetadata.ReadVocabulary(TestData.DemoModel));
        Tokenizer json = Tokenizer.FromJson(File.ReadAllBytes(TestData.Shared("models", "folio-demo", "tokenizer.json")), "tokenizer.json");
        Check.All(Vectors.Of(json, "smollm2").Texts, vector =>
        {
            int[] ids = json.Encode(vector.Text, addSpecialTokens: true);
            Assert.Equal(ids, gguf.Encode(vector.Text, addSpecialTokens: true));
            Assert.Equal(json.Decode(ids), gguf.Decode(ids));
        });
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(TestData.Shared("golden", "folio-demo", "expected.json")));
        foreach (JsonElement prompt in expected.RootElement.GetProperty("prompts").EnumerateArray())
        {
            bool isRaw = prompt.GetProperty("kind").GetString() == "raw";
            Assert.Equal(prompt.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()), gguf.Encode(prompt.GetProperty("text").GetString()!, addSpecialTokens: isRaw));
        }
    }
}
