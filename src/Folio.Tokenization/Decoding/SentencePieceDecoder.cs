using System.Text;
using Folio.Tokenization.Bpe;

namespace Folio.Tokenization.Decoding;

/// <summary>SentencePiece vocabularies: ▁ is a space, <c>&lt;0x…&gt;</c> a byte, and the space that encoding put before the text goes.</summary>
/// <param name="mark">The mark for a space.</param>
/// <param name="byteFallback">Byte tokens are bytes rather than text.</param>
/// <param name="strip">How many spaces at the beginning of the text go.</param>
/// <remarks>
/// A run of byte tokens that is not UTF-8 as a whole becomes one U+FFFD for each byte (Hugging Face's ByteFallback), so a stream waits for the end of such a run.
/// </remarks>
internal sealed class SentencePieceDecoder(string mark, bool byteFallback, int strip) : TokenDecoder
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public override byte[] Bytes(ReadOnlySpan<byte> piece)
    {
        int value = byteFallback ? CharactersAlphabet.ByteOf(piece) : -1;
        return value >= 0 ? [(byte)value] : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(piece).Replace(mark, " ", StringComparison.Ordinal));
    }

    public override DecoderState Start(bool continues = false) => new State(byteFallback, continues ? 0 : strip);

    private sealed class State(bool byteFallback, int strip) : DecoderState
    {
        private readonly List<byte> _run = [];
        private int _strip = strip;

        public override void Append(ReadOnlySpan<byte> piece, byte[] bytes, StringBuilder text)
        {
            if (byteFallback && CharactersAlphabet.ByteOf(piece) >= 0)
            {
                _run.Add(bytes[0]);
                return;
            }

            Flush(text);
            Write(Encoding.UTF8.GetString(bytes), text);
        }

        public override void Flush(StringBuilder text)
        {
            if (_run.Count == 0) return;
            byte[] run = [.. _run];
            _run.Clear();
            try
            {
                Write(Strict.GetString(run), text);
            }
            catch (DecoderFallbackException)
            {
                Write(new string('\uFFFD', run.Length), text);
            }
        }

        private void Write(string part, StringBuilder text)
        {
            int from = 0;
            while (_strip > 0 && from < part.Length)
            {
                if (part[from] != ' ')
                {
                    _strip = 0;
                    break;
                }

                from++;
                _strip--;
            }

            text.Append(part, from, part.Length - from);
        }
    }
}
