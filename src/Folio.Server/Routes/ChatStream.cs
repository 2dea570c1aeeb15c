using Folio.Engine;

namespace Folio.Server;

/// <summary>The events of a streamed chat, in vLLM's order: the role of every choice, their pieces, each choice's finish with its last piece, the usage, [DONE].</summary>
internal sealed class ChatStream(ServedModel served, ChatRequest request, string id)
{
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly int[] _tokens = new int[request.Sampling.N]; // [n] answered so far
    private bool _opened;

    public async Task SendAsync(EventStream events, Generation generation, CancellationToken cancellation)
    {
        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation))
        {
            if (!_opened) await OpenAsync(events);
            _tokens[output.Index] += output.TokenIds.Count;
            bool tellsTokens = request.TopLogprobs is not null || request.Answer.ReturnTokenIds;
            if (output.Text.Length == 0 && output.FinishReason is null && !tellsTokens) continue; // a character or a possible stop string is incomplete
            await events.SendAsync(Chunk([Piece(output)], UsageSoFar(output.Index), IsLast(output) ? served.Fingerprint : null), WireJson.Default.ChatChunk);
        }

        if (!request.Answer.IncludeUsage) return;
        await events.SendAsync(Chunk([], StreamUsage.Whole(request.Prompt.Ids.Length, generation.CachedTokens, _tokens.Sum()), served.Fingerprint), WireJson.Default.ChatChunk);
    }

    /// <summary>The role of each choice, with the text that is continued where echo asks for it.</summary>
    private async Task OpenAsync(EventStream events)
    {
        _opened = true;
        for (int index = 0; index < request.Sampling.N; index++)
        {
            var role = new ChatChunkChoice(index, new("assistant", ""), null, null, null, null);
            var opening = new ChatOpeningChunk(
                id, ChatChunk.ObjectName, _created, request.Model, [role], UsageSoFar(index), request.Answer.ReturnTokenIds ? request.Prompt.Ids : null, PromptText: null);
            await events.SendAsync(opening, WireJson.Default.ChatOpeningChunk);
        }

        if (request.Continued.Length == 0) return;
        for (int index = 0; index < request.Sampling.N; index++)
        {
            var echo = new ChatChunkChoice(index, new(null, request.Continued), null, null, null, null);
            await events.SendAsync(Chunk([echo], UsageSoFar(index), null), WireJson.Default.ChatChunk);
        }
    }

    private ChatChunkChoice Piece(GenerationOutput output) => new(
        output.Index,
        new(null, output.Text),
        request.TopLogprobs is { } top ? LogprobViews.Chat(output.Logprobs ?? [], served.Tokens, request.Answer.TokensAsIds, top) : null,
        output.FinishReason is { } reason ? StopReason.Name(reason) : null,
        output.FinishReason is null ? null : new StopReason(output.StopReason),
        request.Answer.ReturnTokenIds ? output.TokenIds : null);

    private ChatChunk Chunk(IReadOnlyList<ChatChunkChoice> choices, StreamUsage? usage, string? fingerprint) =>
        new(id, ChatChunk.ObjectName, _created, request.Model, choices, usage, fingerprint);

    private StreamUsage? UsageSoFar(int index) => request.Answer.ContinuousUsage ? StreamUsage.SoFar(request.Prompt.Ids.Length, _tokens[index]) : null;

    private bool IsLast(GenerationOutput output) => output.FinishReason is not null && !request.Answer.IncludeUsage;
}
