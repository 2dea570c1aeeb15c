using Folio.Engine;

namespace Folio.Server;

/// <summary>Turns the engine's log-probabilities into a completion's four lists, piece by piece as a sequence grows.</summary>
/// <param name="tokens">Shows tokens.</param>
/// <param name="asIds">Tokens are named by their ids.</param>
/// <param name="skipSpecial">Special tokens leave no text, so they take no room in it.</param>
internal sealed class CompletionLogprobsBuilder(TokenText tokens, bool asIds, bool skipSpecial)
{
    private int _characters; // begun so far, the incomplete one too

    /// <summary>Lists of a prompt that is echoed: its own tokens come first.</summary>
    public CompletionLogprobs Prompt(ReadOnlySpan<int> prompt, string text, IReadOnlyList<PositionLogprobs?> logprobs)
    {
        Lists lists = new(prompt.Length);
        for (int i = 0; i < prompt.Length; i++) Add(lists, prompt[i], logprobs[i]);

        // Tokenizers of the SentencePiece kind put a space before a text; it is in the tokens and not in the text.
        int surplus = _characters - CharactersIn(text);
        if (surplus > 0)
        {
            for (int i = 0; i < lists.Offsets.Count; i++) lists.Offsets[i] = int.Max(0, lists.Offsets[i] - surplus);
            _characters -= surplus;
        }

        return lists.Build();
    }

    /// <summary>Lists of the tokens that came next.</summary>
    public CompletionLogprobs Next(IReadOnlyList<PositionLogprobs> logprobs)
    {
        Lists lists = new(logprobs.Count);
        foreach (PositionLogprobs position in logprobs) Add(lists, position.Token.TokenId, position);
        return lists.Build();
    }

    public static CompletionLogprobs Join(CompletionLogprobs first, CompletionLogprobs second) => new(
        [.. first.TextOffset, .. second.TextOffset],
        [.. first.TokenLogprobs, .. second.TokenLogprobs],
        [.. first.Tokens, .. second.Tokens],
        [.. first.TopLogprobs, .. second.TopLogprobs]);

    private void Add(Lists lists, int id, PositionLogprobs? position)
    {
        ReadOnlySpan<byte> bytes = skipSpecial && tokens.IsSpecial(id) ? default : tokens.Bytes(id);
        bool continues = bytes.Length > 0 && IsContinuation(bytes[0]) && _characters > 0;
        lists.Offsets.Add(continues ? _characters - 1 : _characters);
        foreach (byte value in bytes)
        {
            if (!IsContinuation(value)) _characters++;
        }

        lists.Tokens.Add(tokens.InCompletion(id, asIds));
        lists.Logprobs.Add(position is null ? null : Wire(position.Token.Logprob));
        lists.Top.Add(position is null ? null : Top(position));
    }

    /// <summary>By token text, the chosen one first. Texts that are equal would hide each other: the later one is named by its id.</summary>
    private OrderedDictionary<string, float> Top(PositionLogprobs position)
    {
        var top = new OrderedDictionary<string, float>(position.Top.Count + 1);
        top.Add(tokens.InCompletion(position.Token.TokenId, asIds), Wire(position.Token.Logprob));
        foreach (TokenLogprob entry in position.Top)
        {
            if (entry.TokenId == position.Token.TokenId) continue;
            if (!top.TryAdd(tokens.InCompletion(entry.TokenId, asIds), Wire(entry.Logprob))) top.TryAdd(TokenText.AsId(entry.TokenId), Wire(entry.Logprob));
        }

        return top;
    }

    /// <summary>JSON has no −∞; OpenAI and vLLM write −9999.</summary>
    public static float Wire(float logprob) => float.Max(logprob, -9999);

    private static int CharactersIn(string text) => text.Length - text.Count(char.IsLowSurrogate);

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    private sealed class Lists(int capacity)
    {
        public List<int> Offsets { get; } = new(capacity);

        public List<float?> Logprobs { get; } = new(capacity);

        public List<string> Tokens { get; } = new(capacity);

        public List<IReadOnlyDictionary<string, float>?> Top { get; } = new(capacity);

        public CompletionLogprobs Build() => new(Offsets, Logprobs, Tokens, Top);
    }
}
