using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /v1/chat/completions.</summary>
internal sealed class ChatRoute(ServedModel served, Gate gate, Drain drain, RequestLog log)
{
    public async Task AnswerAsync(HttpContext context)
    {
        ChatRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = ChatRequest.Read(body.Fields, served, Gate.HolderOf(context));

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        string id = $"chatcmpl-{RequestIds.For(context, request.Answer.RequestId)}";
        await using Generation generation = await request.StartAsync(served.Engine, id, log, cancellation.Token);
        if (request.Answer.Stream)
        {
            var stream = new ChatStream(served, request, id);
            await EventStream.RunAsync(context, gate, events => stream.SendAsync(events, generation, cancellation.Token));
        }
        else
        {
            ChatResponse response = await WholeAsync(request, id, generation, cancellation.Token);
            await JsonAnswer.WriteAsync(context, response, WireJson.Default.ChatResponse);
        }
    }

    private async Task<ChatResponse> WholeAsync(ChatRequest request, string id, Generation generation, CancellationToken cancellation)
    {
        var answers = new ChatAnswer[request.Sampling.N];
        for (int i = 0; i < answers.Length; i++) answers[i] = new(request.Parsing.NewReader());
        IReadOnlyList<PositionLogprobs?>? promptLogprobs = null;
        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation))
        {
            answers[output.Index].Add(output);
            promptLogprobs ??= output.PromptLogprobs;
        }

        return new(
            id,
            ChatResponse.ObjectName,
            DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            request.Model,
            [.. answers.Select((answer, index) => Choice(request, index, answer))],
            ServiceTier: null,
            served.Fingerprint,
            Usage.Of(request.Prompt.Ids.Length, generation.CachedTokens, answers.Sum(answer => answer.Reader.Tokens), request.Parsing.CountsReasoning ? answers.Sum(answer => answer.Reader.ReasoningTokens) : null),
            promptLogprobs is null ? null : LogprobViews.Prompt(promptLogprobs, served.Tokens),
            request.Answer.ReturnTokenIds ? request.Prompt.Ids : null,
            PromptText: null,
            KvTransferParams: null,
            EcTransferParams: null,
            Metrics: null);
    }

    private ChatChoice Choice(ChatRequest request, int index, ChatAnswer answer) => new(
        index,
        ChatMessage.Assistant(answer.Message, request.Continued, request.Parsing.IsForced),
        request.TopLogprobs is null ? null : LogprobViews.Chat(answer.Tokens.Logprobs, served.Tokens, request.Answer.TokensAsIds),
        answer.Reader.NameOf(answer.Tokens.FinishReason),
        answer.Tokens.StopReason,
        request.Answer.ReturnTokenIds ? answer.Tokens.TokenIds : null,
        RoutedExperts: null);
}
