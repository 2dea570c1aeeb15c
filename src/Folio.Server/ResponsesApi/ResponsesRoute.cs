using System.Text.Json;
using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /v1/responses: OpenAI's Responses API, answered by the pipeline of chats.</summary>
internal sealed class ResponsesRoute(ServedModel served, ResponseStore store, Gate gate, Drain drain, RequestLog log)
{
    public async Task AnswerAsync(HttpContext context)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        Holder holder = Gate.HolderOf(context);
        string id = ResponseIds.New(ResponseIds.Response);
        (ResponseRequest request, Generation started) = await ChatStart.StartAsync(
            context, served.Engine, id, log, (body, names) => ResponseRequest.Read(body, served, holder, store, names, cancellation.Token), request => request.Chat, cancellation.Token);
        await using Generation generation = started;
        var answer = new ResponseAnswer(served, request, id);
        if (request.Chat.Answer.Stream)
        {
            var stream = new ResponseStream(answer, request.Chat.Answer.StreamInterval, response => Keep(holder.Name, request, response));
            await EventStream.RunAsync(context, gate, events => stream.SendAsync(events, generation, cancellation.Token), stream.FailAsync);
            return;
        }

        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation.Token)) answer.Read(output);
        ResponseObject response = answer.Finish(generation);
        Keep(holder.Name, request, response);
        await JsonAnswer.WriteAsync(context, response, ResponseJson.Default.ResponseObject);
    }

    private void Keep(string holder, ResponseRequest request, ResponseObject response)
    {
        if (!request.IsStored) return;
        ResponseItem[] items = [.. response.Output.Select(item => item.WithoutLogprobs())]; // which no later answer depends on
        byte[] output = WrittenJson.Bytes(json => JsonSerializer.Serialize(json, items, ResponseJson.Default.IReadOnlyListResponseItem));
        byte[] whole = WrittenJson.Bytes(json => JsonSerializer.Serialize(json, response, ResponseJson.Default.ResponseObject));
        store.Add(holder, new(response.Id, whole, new(request.Before, request.Input, output)));
    }
}
