using Folio.Tokenization.Decoding;
using Folio.Tokenization.Normalizing;
using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization;

/// <summary>What a reader of a tokenizer file puts together.</summary>
internal sealed class TokenizerParts(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary { get; } = vocabulary;

    public List<AddedToken> Added { get; } = [];

    public List<TextStep> Normalizers { get; } = [];

    /// <summary>Changes of the text that come after the search for normalised added tokens.</summary>
    public List<TextStep> BeforeSplitting { get; } = [];

    public List<Splitter> Splitters { get; } = [];

    public PieceModel? Model { get; set; }

    public TokenDecoder? Decoder { get; set; }

    /// <summary>The ids before and after a text that is encoded with special tokens.</summary>
    public int[] Prefix { get; set; } = [];

    public int[] Suffix { get; set; } = [];

    public int? BosId { get; set; }

    public int? EosId { get; set; }
}
