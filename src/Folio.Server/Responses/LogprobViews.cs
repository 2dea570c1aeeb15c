using System.Globalization;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Log-probabilities as chats and prompt_logprobs show them.</summary>
internal static class LogprobViews
{
    /// <summary>A chat's form: every token with its own bytes.</summary>
    public static ChatLogprobs Chat(IReadOnlyList<PositionLogprobs> logprobs, TokenText tokens, bool asIds) => new(
    [
        .. logprobs.Select(position => new ChatTokenLogprob(
            tokens.InChat(position.Token.TokenId, asIds),
            CompletionLogprobsBuilder.Wire(position.Token.Logprob),
            BytesOf(position.Token.TokenId, tokens),
            [.. position.Top.Select(entry => new ChatTopLogprob(tokens.InChat(entry.TokenId, asIds), CompletionLogprobsBuilder.Wire(entry.Logprob), BytesOf(entry.TokenId, tokens)))])),
    ]);

    /// <summary>One entry a prompt token, null for the first: by id, the prompt's own token first, then the likeliest by rank.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, PromptLogprob>?> Prompt(IReadOnlyList<PositionLogprobs?> logprobs, TokenText tokens) =>
        [.. logprobs.Select(position => position is null ? null : At(position, tokens))];

    private static OrderedDictionary<string, PromptLogprob> At(PositionLogprobs position, TokenText tokens)
    {
        var entries = new OrderedDictionary<string, PromptLogprob>(position.Top.Count + 1);
        foreach (TokenLogprob entry in position.Top.Prepend(position.Token))
        {
            string id = entry.TokenId.ToString(CultureInfo.InvariantCulture);
            entries.TryAdd(id, new(CompletionLogprobsBuilder.Wire(entry.Logprob), entry.Rank, tokens.InCompletion(entry.TokenId, asId: false)));
        }

        return entries;
    }

    private static int[] BytesOf(int id, TokenText tokens)
    {
        ReadOnlySpan<byte> bytes = tokens.Bytes(id);
        var values = new int[bytes.Length];
        for (int i = 0; i < values.Length; i++) values[i] = bytes[i];
        return values;
    }
}
