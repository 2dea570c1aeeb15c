using Folio.Engine;

namespace Folio.Server;

/// <summary>The events of a streamed completion, in vLLM's order: each choice's pieces, its finish with its last piece, the usage, [DONE].</summary>
internal sealed class CompletionStream(ServedModel served, CompletionRequest request, string id)
{
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly Choice[] _choices = CreateChoices(served, request);

    public async Task SendAsync(EventStream events, Generation generation, CancellationToken cancellation)
    {
        await foreach ((int prompt, GenerationOutput output) in OutputPacer.Pace(generation.Outputs(cancellation), request.Answer.StreamInterval))
        {
            int index = (prompt * request.Sampling.N) + output.Index;
            Choice choice = _choices[index];
            if (!request.PromptOnly) choice.Tokens += output.TokenIds.Count;
            if (Piece(choice, index, output) is not { } piece) continue;
            await events.SendAsync(Chunk([piece], ContinuousUsage(choice), IsLast(piece) ? served.Fingerprint : null), WireJson.Default.CompletionChunk);
        }

        if (!request.Answer.IncludeUsage) return;
        var usage = StreamUsage.Whole(request.Prompts.Sum(prompt => prompt.Ids.Length), generation.CachedTokens, _choices.Sum(choice => choice.Tokens));
        await events.SendAsync(Chunk([], usage, served.Fingerprint), WireJson.Default.CompletionChunk);
    }

    /// <returns>Null where there is nothing to tell yet: a character or a possible stop string is incomplete.</returns>
    private CompletionChunkChoice? Piece(Choice choice, int index, GenerationOutput output)
    {
        bool tellsTokens = request.Logprobs is not null || request.Answer.ReturnTokenIds;
        if (output.Text.Length == 0 && output.FinishReason is null && !tellsTokens && !(choice.IsFirst && request.Answer.Echo)) return null;

        Prompt prompt = request.Prompts[index / request.Sampling.N];
        string echo = choice.IsFirst && request.Answer.Echo ? served.EchoOf(prompt, request.Sampling.SkipSpecialTokens) : "";
        var piece = new CompletionChunkChoice(
            index,
            request.PromptOnly ? echo : echo + output.Text,
            Logprobs(choice, prompt, echo, output),
            request.PromptOnly ? "length" : output.FinishReason is { } reason ? StopReason.Name(reason) : null,
            request.PromptOnly ? default : new(output.StopReason),
            choice.IsFirst && request.Answer.ReturnTokenIds ? prompt.Ids : null,
            !request.Answer.ReturnTokenIds ? null : request.PromptOnly ? [] : output.TokenIds);
        choice.IsFirst = false;
        return piece;
    }

    private CompletionLogprobs? Logprobs(Choice choice, Prompt prompt, string echo, GenerationOutput output)
    {
        if (request.Logprobs is null) return null;
        int first = (choice.Index / request.Sampling.N) * request.Sampling.N;
        if (output.PromptLogprobs is { } fresh) _choices[first].PromptLogprobs = fresh;
        CompletionLogprobs? ofPrompt = choice.IsFirst && request.Answer.Echo && _choices[first].PromptLogprobs is { } known ? choice.Logprobs.Prompt(prompt.Ids, echo, known) : null;
        CompletionLogprobs ofOutput = choice.Logprobs.Next(request.PromptOnly ? [] : output.Logprobs ?? []);
        return ofPrompt is null ? ofOutput : CompletionLogprobsBuilder.Join(ofPrompt, ofOutput);
    }

    private CompletionChunk Chunk(IReadOnlyList<CompletionChunkChoice> choices, StreamUsage? usage, string? fingerprint) =>
        new(id, CompletionResponse.ObjectName, _created, request.Model, choices, usage, fingerprint);

    private StreamUsage? ContinuousUsage(Choice choice) =>
        request.Answer.ContinuousUsage ? StreamUsage.SoFar(request.Prompts[choice.Index / request.Sampling.N].Ids.Length, choice.Tokens) : null;

    /// <summary>The fingerprint comes with the usage, or, where that wasn't asked for, with the end of each choice.</summary>
    private bool IsLast(CompletionChunkChoice piece) => piece.FinishReason is not null && !request.Answer.IncludeUsage;

    private static Choice[] CreateChoices(ServedModel served, CompletionRequest request)
    {
        var choices = new Choice[request.Prompts.Count * request.Sampling.N];
        for (int i = 0; i < choices.Length; i++)
        {
            choices[i] = new() { Index = i, Logprobs = new(served.Tokens, request.Answer.TokensAsIds, request.Sampling.SkipSpecialTokens) };
        }

        return choices;
    }

    private sealed class Choice
    {
        public required int Index { get; init; }

        public required CompletionLogprobsBuilder Logprobs { get; init; }

        public bool IsFirst { get; set; } = true;

        public int Tokens { get; set; }

        /// <summary>Kept at the prompt's first sequence, for the others' first events.</summary>
        public IReadOnlyList<PositionLogprobs?>? PromptLogprobs { get; set; }
    }
}
