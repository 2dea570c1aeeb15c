using System.Security.Cryptography;
using System.Text;
using Folio.Grammars;
using Folio.Tokenization;

namespace Folio.Engine;

/// <summary>Compiles requests' grammars, several at once and none on the engine's thread, and keeps those last used. Thread-safe.</summary>
/// <remarks>Requests that bring the same source at the same time share one compilation; it ends when the last of their clients goes.</remarks>
internal sealed class GrammarCache
{
    private const int MostGrammars = 16;
    private const long MostBytes = 64L << 20; // of compiled grammars
    private const string LineEnd = "\n";

    private static readonly SemaphoreSlim s_compilers = new(Math.Max(4, Environment.ProcessorCount)); // the processors are the whole process's

    private readonly ModelInfo _model;
    private readonly Lazy<TokenVocabulary> _vocabulary;
    private readonly SharedWork<RequestGrammar> _running = new();
    private readonly Lock _gate = new();
    private readonly LinkedList<(string Key, RequestGrammar Grammar)> _kept = new(); // last used first; at most 16

    public GrammarCache(ModelInfo model)
    {
        _model = model;
        _vocabulary = new(() => VocabularyOf(model));
    }

    public async Task<RequestGrammar> CompileAsync(Grammar grammar, CancellationToken cancellation)
    {
        if (_model.Tokenizer is null) throw new RequestException("this model has no tokenizer, so an answer can't be made to obey a grammar.");
        string key = await Task.Run(() => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(grammar.Key))), cancellation).ConfigureAwait(false);
        return Find(key) ?? await _running.AskAsync(key, nobodyWaits => CompileAsync(key, grammar, nobodyWaits), cancellation).ConfigureAwait(false);
    }

    private async Task<RequestGrammar> CompileAsync(string key, Grammar grammar, CancellationToken cancellation)
    {
        await s_compilers.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (Find(key) is { } known) return known; // it was kept just before this was asked for
            var compiled = new RequestGrammar(grammar.Compile(cancellation: cancellation), _vocabulary.Value);
            Keep(key, compiled);
            return compiled;
        }
        finally
        {
            s_compilers.Release();
        }
    }

    private RequestGrammar? Find(string key)
    {
        lock (_gate)
        {
            for (LinkedListNode<(string Key, RequestGrammar Grammar)>? node = _kept.First; node is not null; node = node.Next)
            {
                if (node.Value.Key != key) continue;
                _kept.Remove(node);
                _kept.AddFirst(node);
                return node.Value.Grammar;
            }

            return null;
        }
    }

    private void Keep(string key, RequestGrammar grammar)
    {
        lock (_gate)
        {
            _kept.AddFirst((key, grammar));
            while (_kept.Count > MostGrammars || (_kept.Count > 1 && _kept.Sum(kept => kept.Grammar.Size) > MostBytes)) _kept.RemoveLast();
        }
    }

    /// <summary>Special tokens have no text: what ends an answer is allowed where the grammar ends, and others where it names them.</summary>
    private static TokenVocabulary VocabularyOf(ModelInfo model)
    {
        Tokenizer tokenizer = model.Tokenizer!;
        var tokens = new byte[]?[model.VocabularySize];
        for (int id = 0; id < tokens.Length; id++)
        {
            if (!tokenizer.IsSpecial(id) && !model.EosTokenIds.Contains(id)) tokens[id] = tokenizer.TokenBytes(id).ToArray();
        }

        int[] before = tokenizer.Encode(LineEnd, parseSpecial: false);
        return new(tokens, Continue, Enumerable.Range(0, tokens.Length).Where(tokenizer.IsSpecial));

        // A text in the middle of another: behind a line's end no tokenizer puts a space of its own.
        int[] Continue(string text)
        {
            int[] all = tokenizer.Encode(LineEnd + text, parseSpecial: false);
            return all.AsSpan().StartsWith(before) ? all[before.Length..] : [];
        }
    }
}
