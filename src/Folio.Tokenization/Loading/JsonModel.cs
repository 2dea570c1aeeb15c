using System.Text.Json;
using Folio.Tokenization.Bpe;
using Folio.Tokenization.PreTokenizing;
using Folio.Tokenization.WordPiece;

namespace Folio.Tokenization.Loading;

/// <summary>The <c>model</c> of a tokenizer.json: vocabulary, merges and a few flags.</summary>
internal sealed class JsonModel
{
    private readonly Vocabulary _vocabulary;
    private MergeTable? _merges;
    private JsonElement _flags;
    private bool _isWordPiece;

    private JsonModel(Vocabulary vocabulary) => _vocabulary = vocabulary;

    public static JsonModel Read(ReadOnlySpan<byte> json, Vocabulary vocabulary)
    {
        var model = new JsonModel(vocabulary);
        ReadOnlySpan<byte> vocab = default, merges = default;
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new TokenizerException("'model' is expected to be an object.");
        using var buffer = new MemoryStream();
        using (var flags = new Utf8JsonWriter(buffer))
        {
            flags.WriteStartObject();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                ReadOnlySpan<byte> value = TokenizerJson.TakeValue(json, ref reader);
                if (name == "vocab") vocab = value;
                else if (name == "merges") merges = value;
                else
                {
                    flags.WritePropertyName(name);
                    flags.WriteRawValue(value);
                }
            }

            flags.WriteEndObject();
        }

        var flagReader = new Utf8JsonReader(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        model._flags = JsonElement.ParseValue(ref flagReader);
        model.CheckKind(hasMerges: !merges.IsEmpty);
        model.ReadVocabulary(vocab);
        if (!model._isWordPiece) model.ReadMerges(merges);
        return model;
    }

    /// <summary>The vocabulary is sealed and the pipeline known: makes the model.</summary>
    public void Build(TokenizerParts parts, bool isByteLevel)
    {
        int unknown = -1;
        if (_flags.OptionalText("unk_token") is { } unknownToken)
        {
            unknown = _vocabulary.Find(unknownToken);
            if (unknown < 0) throw new TokenizerException($"the vocabulary lacks 'unk_token', '{unknownToken}'.");
        }

        if (_isWordPiece)
        {
            if (unknown < 0) throw new TokenizerException("a WordPiece model needs an 'unk_token'.");
            parts.Model = new WordPieceModel(_vocabulary, _flags.OptionalText("continuing_subword_prefix") ?? WordPieceModel.UsualPrefix, unknown, _flags.Field("max_input_chars_per_word") is null ? WordPieceModel.UsualLongestWord : _flags.Number("max_input_chars_per_word"));
            return;
        }

        bool wholeFirst = _flags.Flag("ignore_merges");
        Alphabet alphabet = isByteLevel
            ? new BytesAlphabet(_vocabulary, unknown)
            : new CharactersAlphabet(_vocabulary, _flags.Flag("byte_fallback"), unknown, _flags.Flag("fuse_unk"));
        parts.Model = new BpeModel(alphabet, _merges!, wholeFirst);
        if (!isByteLevel && !wholeFirst && parts.Splitters.Count == 0 && WordBoundaries.AreNeverJoined(_vocabulary, _merges!)) parts.Splitters.Add(WordBoundaries.NewSplitter());
    }

    private void CheckKind(bool hasMerges)
    {
        string kind = _flags.OptionalText("type") ?? (hasMerges ? "BPE" : "unnamed");
        _isWordPiece = kind == "WordPiece";
        if (_isWordPiece) return;
        if (kind != "BPE") throw new TokenizerException($"tokenizers of kind '{kind}' are not supported; supported: BPE, WordPiece.");
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (!string.IsNullOrEmpty(_flags.OptionalText(affix))) throw new TokenizerException($"'{affix}' is not supported (found '{_flags.OptionalText(affix)}').");
        }

        if (_flags.Field("dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw new TokenizerException("'dropout' is not supported: the same text would not always give the same tokens.");
    }

    private void ReadVocabulary(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (json.IsEmpty || !reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new TokenizerException("'vocab' is expected to be an object of tokens and ids.");
        byte[] unescaped = new byte[256];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // The piece is copied before the reader moves on.
            ReadOnlySpan<byte> piece = Unescape(ref reader, ref unescaped);
            if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int id)) throw new TokenizerException("an id in 'vocab' is not a whole number.");
            _vocabulary.Add(piece, id);
        }

        _vocabulary.CheckIds();
    }

    private void ReadMerges(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) throw new TokenizerException("'merges' is missing.");
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) throw new TokenizerException("'merges' is expected to be a list.");
        _merges = new MergeTable(_vocabulary.HighestId + 1, json.Length / 24);
        byte[] left = new byte[256], right = new byte[256];
        var pairs = new PairReader(_vocabulary, _merges);
        for (int rank = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; rank++)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                pairs.Add(Unescape(ref reader, ref left), rank);
                continue;
            }

            if (reader.TokenType != JsonTokenType.StartArray || !reader.Read() || reader.TokenType != JsonTokenType.String) throw NotAPair(rank);
            ReadOnlySpan<byte> first = Unescape(ref reader, ref left);
            if (!reader.Read() || reader.TokenType != JsonTokenType.String) throw NotAPair(rank);
            ReadOnlySpan<byte> second = Unescape(ref reader, ref right);
            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray) throw NotAPair(rank);
            pairs.Add(first, second, rank);
        }
    }

    private static TokenizerException NotAPair(int rank) => new($"merge {rank} is expected to be two tokens.");

    /// <summary>The string at which the reader stands; in <paramref name="buffer"/> if it has escapes.</summary>
    private static ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader, ref byte[] buffer)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        if (reader.ValueSpan.Length > buffer.Length) buffer = new byte[reader.ValueSpan.Length];
        return buffer.AsSpan(0, reader.CopyString(buffer));
    }
}
