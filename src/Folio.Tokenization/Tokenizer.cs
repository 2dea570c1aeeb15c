using System.Text;
using Folio.Tokenization.Decoding;
using Folio.Tokenization.Loading;
using Folio.Tokenization.Normalizing;
using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization;

/// <summary>Text to token ids and back, token for token as the model's own tokenizer does it. Safe for any number of threads.</summary>
/// <remarks>
/// A text goes through: added tokens (marks such as <c>&lt;|im_end|&gt;</c>), text steps (normalisation, SentencePiece's ▁), splitting into pieces, merging.
/// Lone surrogates count as U+FFFD.
/// </remarks>
public sealed class Tokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly AddedTokens _added, _addedNormalized;      // looked for in the text as it is, and after the normalisers
    private readonly AddedTokens _addedInPrompt;                // all of them, as they are written
    private readonly TextStep[] _normalizers, _beforeSplitting;
    private readonly Splitter[] _splitters;
    private readonly PieceModel _model;
    private readonly int[] _prefix, _suffix;
    private readonly byte[]?[] _bytes;                          // [id] null until asked for
    private readonly HashSet<int> _special;

    internal Tokenizer(TokenizerParts parts)
    {
        _vocabulary = parts.Vocabulary;
        _normalizers = [.. parts.Normalizers];
        _beforeSplitting = [.. parts.BeforeSplitting];
        _splitters = [.. parts.Splitters];
        _model = parts.Model!;
        Decoder = parts.Decoder!;
        (_prefix, _suffix) = (parts.Prefix, parts.Suffix);
        (BosId, EosId) = (parts.BosId, parts.EosId);
        _added = new AddedTokens(parts.Added.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _addedNormalized = new AddedTokens(parts.Added.Where(token => token.Normalized).Select(token => (Apply(_normalizers, token.Content, isFirst: true), token)));
        _addedInPrompt = parts.Added.Any(token => token.Normalized) ? new AddedTokens(parts.Added.Select(token => (token.Content, token))) : _added;
        _special = [.. parts.Added.Where(token => token.IsSpecial).Select(token => token.Id)];
        _bytes = new byte[_vocabulary.Size][];
    }

    /// <summary>The highest id + 1.</summary>
    public int VocabularySize => _vocabulary.Size;

    /// <summary>The token that begins a text, where the file says so.</summary>
    public int? BosId { get; }

    /// <summary>The token that ends a text, where the file says so.</summary>
    public int? EosId { get; }

    internal TokenDecoder Decoder { get; }

    /// <summary>Reads a <c>tokenizer.json</c>.</summary>
    /// <exception cref="TokenizerException">It is damaged, or of a kind that is not supported.</exception>
    public static Tokenizer FromJson(ReadOnlySpan<byte> tokenizerJson, string fileName) => new(TokenizerJson.Read(tokenizerJson, fileName));

    /// <summary>Takes the tokenizer out of GGUF metadata.</summary>
    /// <exception cref="TokenizerException">It is damaged, or of a kind that is not supported.</exception>
    public static Tokenizer FromGguf(GgufVocabulary vocabulary) => new(GgufTokenizer.Read(vocabulary));

    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Puts the tokens around it that the model expects (such as BOS).</param>
    /// <param name="parseSpecial">True: a mark in the text becomes its special token. False: special tokens are text like any other.</param>
    public int[] Encode(string text, bool addSpecialTokens = false, bool parseSpecial = true) => EncodeAround(addSpecialTokens, text, (whole, ids) =>
    {
        foreach (Stretch stretch in _added.Split(whole, parseSpecial, plain: null))
        {
            if (stretch.Token is { } token) ids.Add(token.Id);
            else EncodeText(whole[stretch.Start..stretch.End], stretch.Start == 0, parseSpecial, ids);
        }
    });

    /// <summary>As <see cref="Encode(string, bool, bool)"/>, but a text of too many tokens keeps its first alone: with those that stand around it there are <paramref name="most"/>.</summary>
    public int[] EncodeFirst(string text, int most, bool addSpecialTokens)
    {
        int[] ids = Encode(text, addSpecialTokens);
        if (ids.Length <= most) return ids;
        int around = addSpecialTokens ? Math.Min(_suffix.Length, most) : 0;
        return [.. ids[..(most - around)], .. ids[^around..]];
    }

    /// <summary>Encodes a prompt that was put together from a template and users' texts.</summary>
    /// <param name="text">The text.</param>
    /// <param name="plainSpans">
    /// The characters that came from users. A mark is recognised only where none of its characters is among them. Marks are the special tokens and added tokens of the form
    /// &lt;|…|&gt; or &lt;｜…｜&gt;; other added tokens (such as <c>&lt;tool_call&gt;</c>) are words and are recognised anywhere. The ends of the spans do not split the text.
    /// </param>
    /// <param name="addSpecialTokens">Puts the tokens around it that the model expects (such as BOS).</param>
    public int[] Encode(string text, IReadOnlyList<TextSpan> plainSpans, bool addSpecialTokens = false) =>
        EncodeAround(addSpecialTokens, text, (whole, ids) =>
        {
            // One search, in the text as it is written: normalising could move characters out of their spans.
            foreach (Stretch stretch in _addedInPrompt.Split(whole, parseSpecial: true, new PlainText(plainSpans, whole.Length)))
            {
                if (stretch.Token is { } token) ids.Add(token.Id);
                else EncodePieces(Apply(_beforeSplitting, Apply(_normalizers, whole[stretch.Start..stretch.End], stretch.Start == 0), stretch.Start == 0), splitter: 0, ids);
            }
        });

    /// <summary>The text of a whole answer. Ids that the vocabulary lacks add nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) => new Detokenizer(this, skipSpecialTokens).DecodeAll(ids);

    /// <param name="skipSpecialTokens">Special tokens leave no text.</param>
    /// <param name="continues">The tokens continue a text: SentencePiece's space before the first word is then a space between words, and stays.</param>
    /// <param name="shown">Special tokens that leave their text all the same; null: none.</param>
    public Detokenizer CreateDetokenizer(bool skipSpecialTokens, bool continues = false, IReadOnlyCollection<int>? shown = null) => new(this, skipSpecialTokens, continues, shown);

    /// <summary>The bytes that a token stands for, perhaps a part of a character; none for an id that the vocabulary lacks.</summary>
    public ReadOnlySpan<byte> TokenBytes(int id) => Contains(id) ? BytesOf(id) : default;

    /// <summary>The token decoded alone, as vLLM shows it.</summary>
    public string TokenText(int id) => Decode([id]);

    /// <summary>The token as the vocabulary writes it: Ġ or ▁ for a space, &lt;0x0A&gt; for a byte; "" for an id that it lacks.</summary>
    public string TokenPiece(int id) => Contains(id) ? Encoding.UTF8.GetString(_vocabulary.Piece(id)) : "";

    /// <summary>True for marks such as BOS that <c>skipSpecialTokens</c> leaves out.</summary>
    public bool IsSpecial(int id) => _special.Contains(id);

    /// <summary>The id of a piece, written as the vocabulary writes it.</summary>
    public int? FindToken(string token) => _vocabulary.Find(token) is >= 0 and int id ? id : null;

    internal bool Contains(int id) => _vocabulary.Contains(id);

    internal ReadOnlySpan<byte> Piece(int id) => _vocabulary.Piece(id);

    internal byte[] BytesOf(int id) => _bytes[id] ??= Decoder.Bytes(_vocabulary.Piece(id));

    private int[] EncodeAround(bool addSpecialTokens, string text, Action<string, List<int>> encode)
    {
        var ids = new List<int>((text.Length / 4) + 8);
        if (addSpecialTokens) ids.AddRange(_prefix);
        encode(ReplaceLoneSurrogates(text), ids);
        if (addSpecialTokens) ids.AddRange(_suffix);
        return [.. ids];
    }

    /// <summary>Encodes text without tokens of the first kind: normalises it and looks for those of the second.</summary>
    private void EncodeText(string text, bool isFirst, bool parseSpecial, List<int> ids)
    {
        text = Apply(_normalizers, text, isFirst);
        foreach (Stretch stretch in _addedNormalized.Split(text, parseSpecial, plain: null))
        {
            if (stretch.Token is { } token) ids.Add(token.Id);
            else EncodePieces(Apply(_beforeSplitting, text[stretch.Start..stretch.End], isFirst && stretch.Start == 0), splitter: 0, ids);
        }
    }

    private void EncodePieces(ReadOnlySpan<char> text, int splitter, List<int> ids)
    {
        if (splitter == _splitters.Length)
        {
            _model.Encode(text, ids);
            return;
        }

        Splitter.Walk walk = _splitters[splitter].Start(text);
        while (walk.MoveNext(out int start, out int end)) EncodePieces(text[start..end], splitter + 1, ids);
    }

    private static string Apply(TextStep[] steps, string text, bool isFirst)
    {
        foreach (TextStep step in steps) text = step.Apply(text, isFirst);
        return text;
    }

    private static string ReplaceLoneSurrogates(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return text;
        char[] chars = text.ToCharArray();
        for (int i = 0; i < chars.Length; i++)
        {
            if (!char.IsSurrogate(chars[i])) continue;
            if (i + 1 < chars.Length && char.IsSurrogatePair(chars[i], chars[i + 1])) i++;
            else chars[i] = (char)Rune.ReplacementChar.Value;
        }

        return new string(chars);
    }
}
