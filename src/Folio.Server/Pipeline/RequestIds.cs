using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Names of requests: the client's own (the field request_id, or the header X-Request-Id), else 16 random hex digits. Every answer has it in that header, as OpenAI's have.</summary>
internal static class RequestIds
{
    public const string Header = "X-Request-Id";

    /// <summary>Names the request by its header, as long as nothing else of it is known.</summary>
    public static void Begin(HttpContext context)
    {
        string sent = context.Request.Headers[Header].ToString();
        context.Response.Headers[Header] = AnswerFields.IsRequestId(sent) ? sent : RandomNumberGenerator.GetHexString(16, lowercase: true);
    }

    /// <param name="requestId">The field of the body, as <see cref="AnswerFields"/> has let it in.</param>
    public static string For(HttpContext context, string? requestId)
    {
        if (context.Response.Headers[Header].Count == 0) Begin(context);
        if (string.IsNullOrEmpty(requestId)) return context.Response.Headers[Header].ToString();
        context.Response.Headers[Header] = requestId;
        return requestId;
    }
}
