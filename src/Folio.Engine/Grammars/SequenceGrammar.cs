using Folio.Grammars;

namespace Folio.Engine;

/// <summary>Where one sequence's output stands in its request's grammar.</summary>
/// <remarks>What goes wrong while a token is appended is kept, and thrown when the next one is to be chosen: there it is this request's own failure.</remarks>
internal sealed class SequenceGrammar(TokenGrammar grammar)
{
    private GrammarState _state;
    private GrammarException? _failure;

    /// <summary>Whether the output is complete and nothing can follow.</summary>
    public bool IsFinal => TokenGrammar.IsFinal(_state);

    /// <summary>The ids that the grammar allows next; end and stop ids where the output may end.</summary>
    /// <param name="mask">[(vocabulary + 63) / 64] a set bit for each.</param>
    public void FillMask(Span<ulong> mask, ReadOnlySpan<int> endIds, ReadOnlySpan<int> stopIds)
    {
        if (_failure is not null) throw _failure;
        Start();
        mask[grammar.Vocabulary.MaskWords..].Clear(); // a row may be longer than the vocabulary
        bool any = grammar.FillMask(_state, mask);
        if (TokenGrammar.IsComplete(_state))
        {
            foreach (int id in endIds) mask[id >> 6] |= 1UL << (id & 63);
            foreach (int id in stopIds) mask[id >> 6] |= 1UL << (id & 63);
        }
        else if (!any)
        {
            throw new GrammarException("no token of this model's vocabulary can continue the answer as its grammar asks.");
        }
    }

    /// <summary>Goes on by a token; end ids, which have no text, lead nowhere, and nothing follows them.</summary>
    public void Advance(int token)
    {
        try
        {
            Start();
            grammar.TryAccept(ref _state, token);
        }
        catch (GrammarException error)
        {
            _failure = error;
        }
    }

    /// <summary>Tokens that must come next: nothing else could.</summary>
    public ReadOnlySpan<int> Forced()
    {
        if (_failure is not null) return [];
        try
        {
            Start();
            return grammar.Forced(_state);
        }
        catch (GrammarException error)
        {
            _failure = error;
            return [];
        }
    }

    /// <summary>Stands where a sibling does.</summary>
    public void Become(SequenceGrammar sibling) => (_state, _failure) = (sibling._state, sibling._failure);

    /// <summary>On the loop's thread, which the grammar belongs to; the sequence was made on another.</summary>
    private void Start()
    {
        if (!_state.IsStarted) _state = grammar.Start;
    }
}
