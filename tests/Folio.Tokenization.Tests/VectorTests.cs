namespace Folio.Tokenization.Tests;

/// <summary>Every tokenizer against the reference vectors, token for token.</summary>
public sealed class VectorTests
{
    public static TheoryData<string> Names => Vectors.Names;

    [Theory, MemberData(nameof(Names))]
    public void Texts_become_the_reference_ids(string name)
    {
        Vectors vectors = Vectors.Of(name);
        Check.All(vectors.Texts, vector =>
        {
            Assert.Equal(vector.Ids, vectors.Tokenizer.Encode(vector.Text));
            Assert.Equal(vector.IdsSpecial, vectors.Tokenizer.Encode(vector.Text, addSpecialTokens: true));
            Assert.Equal(vector.IdsPlain, vectors.Tokenizer.Encode(vector.Text, parseSpecial: false));
        });
    }

    [Theory, MemberData(nameof(Names))]
    public void Ids_become_the_reference_texts(string name)
    {
        Vectors vectors = Vectors.Of(name);
        // The reference counts tokens; ids may leave gaps.
        Assert.InRange(vectors.Tokenizer.VocabularySize, vectors.VocabularySize, vectors.VocabularySize + 64);
        Check.All(vectors.Texts, vector =>
        {
            Assert.Equal(vector.Decoded, vectors.Tokenizer.Decode(vector.IdsSpecial));
            Assert.Equal(vector.DecodedSkip, vectors.Tokenizer.Decode(vector.IdsSpecial, skipSpecialTokens: true));
        });
        Check.All(vectors.IdLists, vector =>
        {
            Assert.Equal(vector.Decoded, vectors.Tokenizer.Decode(vector.Ids));
            Assert.Equal(vector.DecodedSkip, vectors.Tokenizer.Decode(vector.Ids, skipSpecialTokens: true));
        });
    }

    [Theory, MemberData(nameof(Names))]
    public void What_a_stream_gives_out_is_a_beginning_of_the_whole_and_joins_to_it(string name)
    {
        Vectors vectors = Vectors.Of(name);
        Check.All(vectors.IdLists, vector =>
        {
            Detokenizer detokenizer = vectors.Tokenizer.CreateDetokenizer(skipSpecialTokens: false);
            string text = "";
            for (int i = 0; i < vector.Ids.Length; i++)
            {
                text += detokenizer.Append(vector.Ids[i]);
                Assert.StartsWith(text, vector.Decoded, StringComparison.Ordinal);
                // What is held back may yet become a character; without it the text is a beginning of what the ids so far decode to.
                if (vector.Prefixes is { } prefixes) Assert.StartsWith(text, prefixes[i], StringComparison.Ordinal);
            }

            Assert.Equal(vector.Decoded, text + detokenizer.Flush());
            Detokenizer skipping = vectors.Tokenizer.CreateDetokenizer(skipSpecialTokens: true);
            Assert.Equal(vector.DecodedSkip, string.Concat(vector.Ids.Select(skipping.Append)) + skipping.Flush());
        });
    }
}
