using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>A request's JSON object, checked once (<see cref="StrictJson"/>), 64 levels deep at most.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int MaxDepth = 64;
    private const int FirstBuffer = 16 << 10;

    private readonly byte[] _buffer;
    private readonly JsonDocument _document;

    private RequestBody(byte[] buffer, JsonDocument document) => (_buffer, _document) = (buffer, document);

    public Fields Fields => new(_document.RootElement);

    public static async Task<RequestBody> ReadAsync(HttpContext context)
    {
        RequireJson(context.Request.ContentType);
        RequirePlain(context.Request.Headers.ContentEncoding.ToString());
        (byte[] buffer, int length) = await ReadAllAsync(context);
        try
        {
            return new(buffer, Parse(buffer.AsMemory(0, length)));
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    /// <exception cref="ApiException">It isn't a JSON object that can be read.</exception>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (body.Span.StartsWith("\uFEFF"u8)) body = body[3..];
        if (body.Span.Trim(" \t\r\n"u8).IsEmpty) throw ApiException.BadRequest("The request has no body; a JSON object was expected.");

        JsonDocument document;
        try
        {
            document = StrictJson.Parse(body, MaxDepth);
        }
        catch (JsonException error)
        {
            throw ApiException.BadRequest(JsonFault.Tell(error, body.Span, MaxDepth, "The body"));
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        using (document) throw ApiException.BadRequest($"The body must be a JSON object, got {Fields.Name(document.RootElement)}.");
    }

    public void Dispose()
    {
        _document.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private static void RequireJson(string? contentType)
    {
        bool isJson = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) && type.MediaType is { } media
            && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase));
        if (!isJson) throw ApiException.BadRequest("Unsupported Media Type: only 'application/json' is allowed; set the Content-Type header.");
        if (type!.CharSet is { } charSet && !charSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.BadRequest("Unsupported charset in Content-Type: JSON is UTF-8.");
        }
    }

    /// <summary>A packed body could unpack to any size.</summary>
    private static void RequirePlain(string encoding)
    {
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)) return;
        throw ApiException.BadRequest("Unsupported Content-Encoding: bodies are sent as they are.");
    }

    /// <summary>Grows with what arrives, never with what the client announced.</summary>
    private static async Task<(byte[] Buffer, int Length)> ReadAllAsync(HttpContext context)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        int length = 0;
        try
        {
            while (true)
            {
                int read = await context.Request.Body.ReadAsync(buffer.AsMemory(length), context.RequestAborted);
                if (read == 0) return (buffer, length);
                length += read;
                if (length < buffer.Length) continue;

                byte[] larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }
}
