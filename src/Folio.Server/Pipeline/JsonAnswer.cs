using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Writes a whole answer as JSON, straight into the connection's pooled buffer.</summary>
internal static class JsonAnswer
{
    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter, WireJson.WriterOptions)) JsonSerializer.Serialize(writer, value, type);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
