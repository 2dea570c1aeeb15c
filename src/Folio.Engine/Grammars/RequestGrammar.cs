using Folio.Grammars;

namespace Folio.Engine;

/// <summary>A grammar compiled for an engine's vocabulary; any number of that engine's requests may carry it.</summary>
public sealed class RequestGrammar
{
    internal RequestGrammar(CompiledGrammar grammar, TokenVocabulary vocabulary)
    {
        Size = grammar.Size;
        Tokens = new(grammar, vocabulary);
    }

    /// <summary>Belongs to the loop's thread.</summary>
    internal TokenGrammar Tokens { get; }

    /// <summary>Memory of the compiled form, in bytes.</summary>
    internal long Size { get; }
}
