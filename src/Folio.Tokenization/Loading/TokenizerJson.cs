using System.Text;
using System.Text.Json;
using Folio.Tokenization.Bpe;

namespace Folio.Tokenization.Loading;

/// <summary>Reads Hugging Face's <c>tokenizer.json</c>.</summary>
/// <remarks>Vocabulary and merges, nearly all of the file, are read as a stream of spans; the rest as small documents.</remarks>
internal static class TokenizerJson
{
    public static TokenizerParts Read(ReadOnlySpan<byte> json, string fileName)
    {
        try
        {
            if (json.StartsWith("\uFEFF"u8)) json = json[3..];
            return ReadFile(json, fileName);
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"{fileName}: not valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // The reader's word for a string that is not valid Unicode.
            throw new TokenizerException($"{fileName}: {e.Message}", e);
        }
        catch (TokenizerException e) when (!e.Message.StartsWith(fileName, StringComparison.Ordinal))
        {
            throw new TokenizerException($"{fileName}: {e.Message}", e);
        }
    }

    private static TokenizerParts ReadFile(ReadOnlySpan<byte> json, string fileName)
    {
        var sections = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        ReadOnlySpan<byte> model = default;
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new TokenizerException($"{fileName}: expected a JSON object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "model") model = TakeValue(json, ref reader);
            else if (name is "added_tokens" or "normalizer" or "pre_tokenizer" or "post_processor" or "decoder") sections[name] = JsonElement.ParseValue(ref reader);
            else reader.Skip();
        }

        if (model.IsEmpty) throw new TokenizerException($"{fileName}: there is no 'model'.");
        var parts = new TokenizerParts(new Vocabulary(fileName));
        JsonModel pieces = JsonModel.Read(model, parts.Vocabulary);
        if (sections.TryGetValue("added_tokens", out JsonElement added)) ReadAddedTokens(added, parts);
        parts.Vocabulary.Seal();

        var pipeline = new JsonPipeline(parts);
        if (sections.TryGetValue("normalizer", out JsonElement normalizer)) pipeline.ReadNormalizer(normalizer);
        if (sections.TryGetValue("pre_tokenizer", out JsonElement preTokenizer)) pipeline.ReadPreTokenizer(preTokenizer);
        if (sections.TryGetValue("post_processor", out JsonElement postProcessor)) pipeline.ReadPostProcessor(postProcessor);
        pipeline.ReadDecoder(sections.GetValueOrDefault("decoder"));
        pieces.Build(parts, pipeline.IsByteLevel);
        return parts;
    }

    /// <summary>The bytes of the value at which the reader stands; moves the reader to its end.</summary>
    internal static ReadOnlySpan<byte> TakeValue(ReadOnlySpan<byte> json, scoped ref Utf8JsonReader reader)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    private static void ReadAddedTokens(JsonElement list, TokenizerParts parts)
    {
        if (list.ValueKind == JsonValueKind.Null) return;
        if (list.ValueKind != JsonValueKind.Array) throw new TokenizerException("'added_tokens' is expected to be a list.");
        foreach (JsonElement entry in list.EnumerateArray())
        {
            string content = entry.Text("content");
            byte[] piece = Encoding.UTF8.GetBytes(content);
            int id = parts.Vocabulary.Find(piece);
            if (id < 0) parts.Vocabulary.Add(piece, id = entry.Number("id"), isAdded: true);
            bool special = entry.Flag("special");
            if (special) parts.Vocabulary.Special.Add(id);
            parts.Added.Add(new AddedToken(
                id, content, special, entry.Flag("normalized"), entry.Flag("single_word"), entry.Flag("lstrip"), entry.Flag("rstrip")));
        }
    }
}
