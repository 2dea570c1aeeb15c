using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /v1/messages and /v1/messages/count_tokens: Anthropic's Messages API, answered by the pipeline of chats.</summary>
internal sealed class MessagesRoute(ServedModel served, Gate gate, Drain drain, RequestLog log)
{
    public async Task AnswerAsync(HttpContext context)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        string id = $"msg_{RequestIds.For(context, null)}";
        (MessagesRequest request, Generation started) = await ChatStart.StartAsync(
            context, served.Engine, id, log, (body, names) => MessagesRequest.Read(body, served, Gate.HolderOf(context), names), request => request.Chat, cancellation.Token);
        await using Generation generation = started;
        var answer = new MessagesAnswer(request, id);
        if (request.Chat.Answer.Stream)
        {
            var stream = new MessagesStream(answer);
            await EventStream.RunAsync(context, gate, events => stream.SendAsync(events, generation, cancellation.Token), (events, error) => MessagesStream.FailAsync(events, context, error), endsWithDone: false);
        }
        else
        {
            MessagesResponse response = await WholeAsync(answer, generation, cancellation.Token);
            await JsonAnswer.WriteAsync(context, response, MessagesJson.Default.MessagesResponse);
        }
    }

    public async Task CountAsync(HttpContext context)
    {
        int tokens = await FieldNames.InClientsNames(async names =>
        {
            using RequestBody body = await RequestBody.ReadAsync(context);
            return MessagesRequest.CountTokens(body.Fields, served, names);
        });
        await JsonAnswer.WriteAsync(context, new(tokens, new(tokens)), MessagesJson.Default.TokenCount);
    }

    private static async Task<MessagesResponse> WholeAsync(MessagesAnswer answer, Generation generation, CancellationToken cancellation)
    {
        var blocks = new AnswerBlocks();
        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation))
        {
            foreach (BlockEvent each in answer.Read(output)) blocks.Add(each);
        }

        return answer.Message(blocks.Blocks, generation.CachedTokens);
    }
}
