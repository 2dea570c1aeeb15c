using System.Diagnostics;
using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /v1/embeddings.</summary>
internal sealed class EmbeddingRoute(ServedModel served, Drain drain, RequestLog log)
{
    public async Task AnswerAsync(HttpContext context)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        EmbeddingsRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = EmbeddingsRequest.Read(body.Fields, served, Gate.HolderOf(context), cancellation.Token);

        string id = $"embd-{RequestIds.For(context, request.RequestId)}";
        IReadOnlyList<EmbeddingOutput> outputs = await EmbedAsync(request, id, cancellation.Token);
        var response = new EmbeddingResponse(
            id,
            "list",
            DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            request.Model,
            [.. outputs.Select((output, index) => new EmbeddingItem(index, "embedding", new(output.Vector, request.AsBase64)))],
            Usage.Of(outputs.Sum(output => output.PromptTokens), outputs.Sum(output => output.CachedTokens), completion: 0));
        await JsonAnswer.WriteAsync(context, response, WireJson.Default.EmbeddingResponse);
    }

    private async Task<IReadOnlyList<EmbeddingOutput>> EmbedAsync(EmbeddingsRequest request, string id, CancellationToken cancellation)
    {
        long startedAt = Stopwatch.GetTimestamp();
        try
        {
            Task<IReadOnlyList<EmbeddingOutput>> embedding = served.Engine.EmbedAsync(Texts(request, id), cancellation);
            if (!embedding.IsFaulted) request.Caller.Allowance?.Spend(request.Inputs.Sum(input => input.Ids.Length));
            IReadOnlyList<EmbeddingOutput> outputs = await embedding;
            log.Embedded(id, outputs.Count, outputs, Stopwatch.GetElapsedTime(startedAt));
            return outputs;
        }
        catch (Exception error) when (error is RequestFailedException or OperationCanceledException or EngineUnavailableException)
        {
            log.Embedded(id, request.Inputs.Count, [], Stopwatch.GetElapsedTime(startedAt));
            throw;
        }
    }

    private IReadOnlyList<EmbeddingRequest> Texts(EmbeddingsRequest request, string id)
    {
        IReadOnlyList<EmbeddingRequest> texts = request.Texts(id);
        return log.Begin(id, request) is not { } telemetry ? texts
            : [.. texts.Select((text, i) => text with { Observer = telemetry.ObserverOf(i), ObservesEndAlone = !telemetry.TellsStations(i) })];
    }
}
