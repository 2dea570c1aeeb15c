using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /v1/completions.</summary>
internal sealed class CompletionRoute(ServedModel served, Gate gate, Drain drain, RequestLog log)
{
    public async Task AnswerAsync(HttpContext context)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        CompletionRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = CompletionRequest.Read(body.Fields, served, Gate.HolderOf(context), cancellation.Token);

        string id = $"cmpl-{RequestIds.For(context, request.Answer.RequestId)}";
        await using Generation generation = await Generation.StartAsync(served.Engine, GenAiOperation.TextCompletion, id, request.Prompts, request.Sampling, request.Structure, request.Caller, log, cancellation.Token);
        if (request.Answer.Stream)
        {
            var stream = new CompletionStream(served, request, id);
            await EventStream.RunAsync(context, gate, events => stream.SendAsync(events, generation, cancellation.Token));
        }
        else
        {
            CompletionResponse response = await WholeAsync(request, id, generation, cancellation.Token);
            await JsonAnswer.WriteAsync(context, response, WireJson.Default.CompletionResponse);
        }
    }

    private async Task<CompletionResponse> WholeAsync(CompletionRequest request, string id, Generation generation, CancellationToken cancellation)
    {
        int n = request.Sampling.N;
        var answers = new Answer[request.Prompts.Count * n];
        for (int i = 0; i < answers.Length; i++) answers[i] = new();
        var promptLogprobs = new IReadOnlyList<PositionLogprobs?>?[request.Prompts.Count];
        await foreach ((int prompt, GenerationOutput output) in generation.Outputs(cancellation))
        {
            answers[(prompt * n) + output.Index].Add(output);
            promptLogprobs[prompt] ??= output.PromptLogprobs;
        }

        int completionTokens = request.PromptOnly ? 0 : answers.Sum(answer => answer.TokenIds.Count);
        return new(
            id,
            CompletionResponse.ObjectName,
            DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            request.Model,
            [.. answers.Select((answer, index) => Choice(request, index, answer, promptLogprobs[index / n]))],
            ServiceTier: null,
            served.Fingerprint,
            Usage.Of(request.Prompts.Sum(prompt => prompt.Ids.Length), generation.CachedTokens, completionTokens),
            KvTransferParams: null,
            EcTransferParams: null,
            Metrics: null);
    }

    private CompletionChoice Choice(CompletionRequest request, int index, Answer answer, IReadOnlyList<PositionLogprobs?>? promptLogprobs)
    {
        Prompt prompt = request.Prompts[index / request.Sampling.N];
        string echo = request.Answer.Echo ? served.EchoOf(prompt, request.Sampling.SkipSpecialTokens) : "";
        return new(
            index,
            request.PromptOnly ? echo : echo + answer.Text,
            Logprobs(request, prompt, echo, answer, promptLogprobs),
            request.PromptOnly ? "length" : StopReason.Name(answer.FinishReason),
            request.PromptOnly ? default : answer.StopReason,
            !request.Answer.ReturnTokenIds ? null : request.PromptOnly ? [] : answer.TokenIds,
            promptLogprobs is null ? null : LogprobViews.Prompt(promptLogprobs, served.Tokens),
            request.Answer.ReturnTokenIds ? prompt.Ids : null,
            RoutedExperts: null);
    }

    private CompletionLogprobs? Logprobs(CompletionRequest request, Prompt prompt, string echo, Answer answer, IReadOnlyList<PositionLogprobs?>? promptLogprobs)
    {
        if (request.Logprobs is null) return null;
        var builder = new CompletionLogprobsBuilder(served.Tokens, request.Answer.TokensAsIds, request.Sampling.SkipSpecialTokens);
        CompletionLogprobs? ofPrompt = request.Answer.Echo && promptLogprobs is not null ? builder.Prompt(prompt.Ids, echo, promptLogprobs) : null;
        CompletionLogprobs ofAnswer = builder.Next(request.PromptOnly ? [] : answer.Logprobs);
        return ofPrompt is null ? ofAnswer : CompletionLogprobsBuilder.Join(ofPrompt, ofAnswer);
    }
}
