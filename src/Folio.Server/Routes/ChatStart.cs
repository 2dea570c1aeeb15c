using Folio.Engine;

namespace Folio.Server;

/// <summary>Hands a chat to the engine, whichever API it came by.</summary>
internal static class ChatStart
{
    public static async Task<Generation> StartAsync(this ChatRequest chat, LlmEngine engine, string id, RequestLog log, CancellationToken cancellation)
    {
        try
        {
            return await Generation.StartAsync(engine, id, [chat.Prompt], chat.Sampling, chat.Structure, chat.Caller, log, cancellation);
        }
        catch (RequestException error) when (error.Parameter == "prompt")
        {
            throw ApiException.BadRequest(error.Message, "messages"); // the field that a chat's prompt comes from
        }
    }
}
