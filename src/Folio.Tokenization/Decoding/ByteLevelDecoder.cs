using System.Text;

namespace Folio.Tokenization.Decoding;

/// <summary>Byte-level vocabularies: the tokens' bytes one after another are UTF-8; what is none becomes U+FFFD.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override byte[] Bytes(ReadOnlySpan<byte> piece) => ByteAlphabet.Read(piece);

    public override DecoderState Start(bool continues = false) => new State();

    private sealed class State : DecoderState
    {
        private readonly Utf8Stream _utf8 = new();

        public override void Append(ReadOnlySpan<byte> piece, byte[] bytes, StringBuilder text) => _utf8.Append(bytes, text);

        public override void Flush(StringBuilder text) => _utf8.Flush(text);
    }
}

/// <summary>UTF-8 to text, across the ends of its parts: keeps the bytes of a character that is not whole yet.</summary>
internal sealed class Utf8Stream
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public void Append(ReadOnlySpan<byte> bytes, StringBuilder text) => Convert(bytes, text, flush: false);

    public void Flush(StringBuilder text) => Convert([], text, flush: true);

    private void Convert(ReadOnlySpan<byte> bytes, StringBuilder text, bool flush)
    {
        Span<char> chars = stackalloc char[256];
        bool completed;
        do
        {
            _decoder.Convert(bytes, chars, flush, out int used, out int written, out completed);
            text.Append(chars[..written]);
            bytes = bytes[used..];
        }
        while (!completed);
    }
}
