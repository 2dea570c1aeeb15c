using System.Text;

namespace Folio.Tokenization.Decoding;

/// <summary>Makes text of tokens.</summary>
internal abstract class TokenDecoder
{
    /// <summary>The bytes that a token stands for, not yet made into text.</summary>
    public abstract byte[] Bytes(ReadOnlySpan<byte> piece);

    /// <summary>A new text, to which tokens are appended one by one.</summary>
    /// <param name="continues">It goes on where another text ended, so what only a text's beginning loses stays.</param>
    public abstract DecoderState Start(bool continues = false);
}

/// <summary>A text in the making: gives out what no later token can change.</summary>
internal abstract class DecoderState
{
    public abstract void Append(ReadOnlySpan<byte> piece, byte[] bytes, StringBuilder text);

    /// <summary>No more tokens come: gives out the rest.</summary>
    public abstract void Flush(StringBuilder text);
}
