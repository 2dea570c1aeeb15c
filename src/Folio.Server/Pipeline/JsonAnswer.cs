using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Writes a whole answer as JSON into the connection's pooled buffer, which is sent whenever it is full: a large answer is in memory once, and not its text as well.</summary>
internal static class JsonAnswer
{
    /// <summary>Contexts' options, by the generated ones.</summary>
    private static readonly ConcurrentDictionary<JsonSerializerOptions, JsonSerializerOptions> s_relaxed = new();

    public static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.BodyWriter, value, Relaxed(type), context.RequestAborted);
    }

    /// <summary>JSON that is written already.</summary>
    public static async Task WriteAsync(HttpContext context, byte[] json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        await context.Response.BodyWriter.WriteAsync(json, context.RequestAborted);
    }

    /// <summary>Text goes out as it is: the answers are application/json, never part of a page.</summary>
    private static JsonTypeInfo<T> Relaxed<T>(JsonTypeInfo<T> type) =>
        (JsonTypeInfo<T>)s_relaxed.GetOrAdd(type.Options, static options => new(options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).GetTypeInfo(typeof(T));
}
