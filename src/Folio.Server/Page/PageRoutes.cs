using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>The page at /: a playground and a picture of the KV cache's blocks. Its files are the same for everybody; what it shows, of everybody's requests, takes an admin's key, or that of whoever is alone.</summary>
internal sealed class PageRoutes(ServedModel served)
{
    /// <summary>Nothing but the server's own files and routes.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, (string Type, byte[] Content)> s_files = new (string Name, string Type)[]
    {
        ("index.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("blocks.js", "text/javascript; charset=utf-8"),
        ("charts.js", "text/javascript; charset=utf-8"),
        ("chat.js", "text/javascript; charset=utf-8"),
    }.ToFrozenDictionary(file => file.Name, file => (file.Type, Read(file.Name)));

    public static Task IndexAsync(HttpContext context) => WriteAsync(context, "index.html");

    public static Task FileAsync(HttpContext context) => WriteAsync(context, context.Request.RouteValues["file"] as string ?? "");

    public async Task StateAsync(HttpContext context) => await JsonAnswer.WriteAsync(context, await PageState.OfAsync(served), WireJson.Default.PageState);

    private static async Task WriteAsync(HttpContext context, string name)
    {
        if (!s_files.TryGetValue(name, out (string Type, byte[] Content) file)) throw ApiException.NotFound("Not found: the page has no such file.");
        HttpResponse response = context.Response;
        response.ContentType = file.Type;
        response.ContentLength = file.Content.Length;
        response.Headers.ContentSecurityPolicy = Policy;
        await response.Body.WriteAsync(file.Content, context.RequestAborted);
    }

    private static byte[] Read(string name)
    {
        using Stream stream = typeof(PageRoutes).Assembly.GetManifestResourceStream($"page/{name}")!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
