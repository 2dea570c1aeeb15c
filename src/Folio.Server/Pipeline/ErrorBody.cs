using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>OpenAI's error body with vLLM's types: <c>{"error":{"message","type","param","code"}}</c>, the shape of every error here but those that an <see cref="AnthropicError"/> tells.</summary>
internal sealed record ErrorBody(ErrorDetail Error)
{
    /// <summary>There is too much to do, whoever asked for it: Anthropic has a status of its own for that.</summary>
    [JsonIgnore]
    public bool IsOverload { get; init; }

    /// <remarks>Some messages repeat what the client sent; none grows with it.</remarks>
    public static ErrorBody For(int status, string message, string? parameter = null) =>
        new(new ErrorDetail(Fields.Cut(message, 2000), TypeOf(status), parameter is null ? null : Fields.Cut(parameter, 200), status));

    /// <summary>Writes the error as the whole answer; nothing where the answer has begun.</summary>
    public static Task WriteAsync(HttpContext context, ErrorBody body)
    {
        if (context.Response.HasStarted) return Task.CompletedTask;
        bool isAnthropic = AnthropicError.IsFor(context);
        int status = context.Response.StatusCode = isAnthropic ? AnthropicError.StatusOf(body) : body.Error.Code;
        context.Response.ContentLength = null; // of the answer that would have been
        if (status == 401) context.Response.Headers.WWWAuthenticate = "Bearer";
        return isAnthropic ? JsonAnswer.WriteAsync(context, AnthropicError.Of(context, body), MessagesJson.Default.AnthropicError) : JsonAnswer.WriteAsync(context, body, WireJson.Default.ErrorBody);
    }

    private static string TypeOf(int status) => status switch
    {
        401 => "AuthenticationError",
        403 => "PermissionDeniedError",
        404 => "NotFoundError",
        405 => "MethodNotAllowedError",
        408 => "RequestTimeoutError",
        409 => "ConflictError",
        413 => "RequestTooLargeError",
        421 => "MisdirectedRequestError",
        429 => "RateLimitError",
        503 => "ServiceUnavailableError",
        504 => "TimeoutError",
        >= 500 => "InternalServerError",
        _ => "BadRequestError",
    };
}

internal sealed record ErrorDetail(string Message, string Type, string? Param, int Code);
