using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Hands a chat to the engine, whichever API it came by.</summary>
internal static class ChatStart
{
    public static async Task<Generation> StartAsync(this ChatRequest chat, LlmEngine engine, string id, RequestLog log, CancellationToken cancellation)
    {
        try
        {
            return await Generation.StartAsync(engine, GenAiOperation.Chat, id, [chat.Prompt], chat.Sampling, chat.Structure, chat.Caller, log, cancellation);
        }
        catch (RequestException error) when (error.Parameter == "prompt")
        {
            throw ApiException.BadRequest(error.Message, "messages"); // the field that a chat's prompt comes from
        }
    }

    /// <summary>The same for a body of another API, read as that of a chat: errors name the fields that the client has sent.</summary>
    /// <param name="read">Understands the body; the names gain what the chat calls otherwise.</param>
    /// <param name="chatOf">The chat that it asks for.</param>
    public static Task<(T Request, Generation Generation)> StartAsync<T>(
        HttpContext context, LlmEngine engine, string id, RequestLog log, Func<Fields, FieldNames, T> read, Func<T, ChatRequest> chatOf, CancellationToken cancellation) =>
        FieldNames.InClientsNames(async names =>
        {
            T request;
            using (RequestBody body = await RequestBody.ReadAsync(context)) request = read(body.Fields, names);
            return (request, await chatOf(request).StartAsync(engine, id, log, cancellation));
        });
}
