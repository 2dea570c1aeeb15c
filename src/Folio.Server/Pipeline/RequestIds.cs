using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Names of requests: the client's own (the field request_id, or the header X-Request-Id), else 16 random hex digits.</summary>
internal static class RequestIds
{
    public static string For(HttpContext context, string? requestId)
    {
        if (!string.IsNullOrEmpty(requestId)) return requestId;
        string header = context.Request.Headers["X-Request-Id"].ToString();
        return header.Length is > 0 and <= AnswerFields.MaxRequestIdLength ? header : RandomNumberGenerator.GetHexString(16, lowercase: true);
    }
}
