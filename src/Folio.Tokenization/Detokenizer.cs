using System.Text;

namespace Folio.Tokenization;

/// <summary>Makes text of tokens as they come. All that it gives out, joined, is <see cref="Tokenizer.Decode"/> of the whole (of the prompt's continuation, where it continues one); no character is given out in parts.</summary>
/// <remarks>For one stream; not safe for several threads. Takes time linear in the tokens.</remarks>
public sealed class Detokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly IReadOnlyCollection<int> _shown; // special tokens that are not skipped: a handful
    private readonly StringBuilder _text = new();
    private Decoding.DecoderState _state;

    internal Detokenizer(Tokenizer tokenizer, bool skipSpecialTokens, bool continues = false, IReadOnlyCollection<int>? shown = null)
    {
        (_tokenizer, _skipSpecialTokens, _shown) = (tokenizer, skipSpecialTokens, shown ?? []);
        _state = tokenizer.Decoder.Start(continues);
    }

    /// <returns>The text that is certain now and was not before; often empty where a character takes several tokens. An id that the vocabulary lacks adds nothing.</returns>
    public string Append(int id)
    {
        Write(id);
        return Take();
    }

    /// <summary>The end: gives out what was held back and begins anew.</summary>
    public string Flush()
    {
        _state.Flush(_text);
        _state = _tokenizer.Decoder.Start();
        return Take();
    }

    internal string DecodeAll(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids) Write(id);
        return Flush();
    }

    private void Write(int id)
    {
        if (!_tokenizer.Contains(id) || (_skipSpecialTokens && _tokenizer.IsSpecial(id) && !_shown.Contains(id))) return;
        _state.Append(_tokenizer.Piece(id), _tokenizer.BytesOf(id), _text);
    }

    private string Take()
    {
        if (_text.Length == 0) return "";
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
