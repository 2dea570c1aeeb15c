using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>An error as Anthropic's clients read it: <c>{"type":"error","error":{"type","message"},"request_id"}</c>.</summary>
/// <param name="RequestId">That of the header request-id.</param>
internal sealed record AnthropicError(string Type, AnthropicErrorDetail Error, string? RequestId)
{
    private const string VersionHeader = "anthropic-version", IdHeader = "request-id";

    /// <summary>Whether it is an Anthropic client that asks: it says so, or asks a route that only Anthropic's API has.</summary>
    public static bool IsFor(HttpContext context)
    {
        if (IsClient(context)) return true;
        ReadOnlySpan<char> path = context.Request.Path.Value.AsSpan().TrimEnd('/');
        return path.EndsWith("/v1/messages", StringComparison.OrdinalIgnoreCase) || path.EndsWith("/v1/messages/count_tokens", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is an Anthropic client by its own word.</summary>
    public static bool IsClient(HttpContext context) => context.Request.Headers.ContainsKey(VersionHeader);

    /// <summary>Names the request in the answer's headers, as Anthropic does; its name is that of <see cref="RequestIds"/>.</summary>
    public static void NameRequest(HttpContext context)
    {
        if (IsFor(context)) context.Response.Headers[IdHeader] = $"req_{RequestIds.For(context, null)}";
    }

    public static AnthropicError Of(HttpContext context, ErrorBody body)
    {
        string id = context.Response.Headers[IdHeader].ToString();
        return new("error", new(TypeOf(StatusOf(body)), body.Error.Message), id.Length > 0 ? id : null);
    }

    /// <summary>The status by which Anthropic says it.</summary>
    public static int StatusOf(ErrorBody body) => body.IsOverload ? 529 : body.Error.Code;

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}

internal sealed record AnthropicErrorDetail(string Type, string Message);
