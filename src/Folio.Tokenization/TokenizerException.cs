namespace Folio.Tokenization;

/// <summary>A tokenizer that cannot be loaded or used: the message names the file and what was expected.</summary>
public sealed class TokenizerException : FolioException
{
    public TokenizerException(string message) : base(message) { }

    public TokenizerException(string message, Exception inner) : base(message, inner) { }
}
