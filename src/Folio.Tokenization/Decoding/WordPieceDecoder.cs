using System.Text;

namespace Folio.Tokenization.Decoding;

/// <summary>WordPiece vocabularies: a space before each word but the first, none before what goes on with one, nor, with <paramref name="cleanUp"/>, before punctuation.</summary>
/// <remarks>What a word was before it was normalised is lost.</remarks>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : TokenDecoder
{
    /// <summary>In this order, each within one token (Hugging Face's WordPiece decoder).</summary>
    private static readonly (string From, string To)[] s_cleanUps =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    public override byte[] Bytes(ReadOnlySpan<byte> piece) => [.. piece.StartsWith(_prefix) ? piece[_prefix.Length..] : piece];

    public override DecoderState Start(bool continues = false) => new State(this, isFirst: !continues);

    private string TextOf(ReadOnlySpan<byte> piece, bool isFirst)
    {
        string token = Encoding.UTF8.GetString(piece);
        if (!isFirst) token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        if (!cleanUp) return token;
        foreach ((string from, string to) in s_cleanUps) token = token.Replace(from, to, StringComparison.Ordinal);
        return token;
    }

    private sealed class State(WordPieceDecoder decoder, bool isFirst) : DecoderState
    {
        private bool _isFirst = isFirst;

        public override void Append(ReadOnlySpan<byte> piece, byte[] bytes, StringBuilder text)
        {
            text.Append(decoder.TextOf(piece, _isFirst));
            _isFirst = false;
        }

        public override void Flush(StringBuilder text)
        {
        }
    }
}
