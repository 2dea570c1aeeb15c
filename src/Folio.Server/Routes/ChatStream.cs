using Folio.Chat;
using Folio.Engine;

namespace Folio.Server;

/// <summary>The events of a streamed chat, in vLLM's order: the role of every choice, their pieces, each choice's finish with its last piece (behind calls: alone), the usage, [DONE].</summary>
internal sealed class ChatStream(ServedModel served, ChatRequest request, string id)
{
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly ChatChoiceReader[] _choices = [.. Enumerable.Range(0, request.Sampling.N).Select(_ => request.Parsing.NewReader())];
    private bool _opened;

    public async Task SendAsync(EventStream events, Generation generation, CancellationToken cancellation)
    {
        var pacer = new ChatPacer(request.Answer.StreamInterval, _choices);
        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation))
        {
            if (!_opened) await OpenAsync(events);
            if (pacer.Read(output) is not { } due) continue;
            foreach (ChatChunkChoice piece in Pieces(due.Output, due.Deltas, _choices[output.Index]))
            {
                await events.SendAsync(Chunk([piece], UsageSoFar(output.Index), IsLast(piece) ? served.Fingerprint : null), WireJson.Default.ChatChunk);
            }
        }

        if (!request.Answer.IncludeUsage) return;
        int? reasoning = request.Parsing.CountsReasoning ? _choices.Sum(choice => choice.ReasoningTokens) : null;
        var usage = StreamUsage.Whole(request.Prompt.Ids.Length, generation.CachedTokens, _choices.Sum(choice => choice.Tokens), reasoning);
        await events.SendAsync(Chunk([], usage, served.Fingerprint), WireJson.Default.ChatChunk);
    }

    /// <summary>The role of each choice, with the text that is continued where echo asks for it.</summary>
    private async Task OpenAsync(EventStream events)
    {
        _opened = true;
        for (int index = 0; index < request.Sampling.N; index++)
        {
            var role = new ChatChunkChoice(index, ChatDelta.Opening, null, null, null, null);
            var opening = new ChatOpeningChunk(
                id, ChatChunk.ObjectName, _created, request.Model, [role], UsageSoFar(index), request.Answer.ReturnTokenIds ? request.Prompt.Ids : null, PromptText: null);
            await events.SendAsync(opening, WireJson.Default.ChatOpeningChunk);
        }

        if (request.Continued.Length == 0) return;
        for (int index = 0; index < request.Sampling.N; index++)
        {
            var echo = new ChatChunkChoice(index, new(null, new(DeltaKind.Content, request.Continued)), null, null, null, null);
            await events.SendAsync(Chunk([echo], UsageSoFar(index), null), WireJson.Default.ChatChunk);
        }
    }

    /// <summary>An event for each piece of the message. What the tokens tell comes with the first of an output's pieces, the finish with its last.</summary>
    private List<ChatChunkChoice> Pieces(GenerationOutput output, IReadOnlyList<MessageDelta> gained, ChatChoiceReader choice)
    {
        List<ChatDelta> deltas = [.. gained.Select(piece => new ChatDelta(null, piece))];
        bool tellsTokens = request.TopLogprobs is not null || request.Answer.ReturnTokenIds;
        if (output.FinishReason is not null && choice.HasCalls) deltas.Add(default);
        else if (deltas.Count == 0 && (output.FinishReason is not null || tellsTokens)) deltas.Add(new(null, new(DeltaKind.Content, "")));

        List<ChatChunkChoice> pieces = [];
        foreach (ChatDelta delta in deltas)
        {
            bool isFirst = pieces.Count == 0, ends = pieces.Count == deltas.Count - 1 && output.FinishReason is not null;
            pieces.Add(new(
                output.Index,
                delta,
                request.TopLogprobs is not null && isFirst ? LogprobViews.Chat(output.Logprobs ?? [], served.Tokens, request.Answer.TokensAsIds) : null,
                ends ? choice.NameOf(output.FinishReason!.Value) : null,
                ends ? new StopReason(output.StopReason) : null,
                request.Answer.ReturnTokenIds && isFirst ? output.TokenIds : null));
        }

        return pieces;
    }

    private ChatChunk Chunk(IReadOnlyList<ChatChunkChoice> choices, StreamUsage? usage, string? fingerprint) =>
        new(id, ChatChunk.ObjectName, _created, request.Model, choices, usage, fingerprint);

    private StreamUsage? UsageSoFar(int index) => request.Answer.ContinuousUsage ? StreamUsage.SoFar(request.Prompt.Ids.Length, _choices[index].Tokens) : null;

    private bool IsLast(ChatChunkChoice piece) => piece.FinishReason is not null && !request.Answer.IncludeUsage;
}
