using System.Net;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Whether a request was sent by a page of somebody else's, as far as the browser tells.</summary>
/// <remarks>
/// CORS keeps such a page from reading an answer, not from asking: a form may post anywhere without being asked about first. Where a key is asked for, the page doesn't have it; where none is, this is what
/// stands between a page on the web and a server on the same machine. A page's name may be made to lead here (DNS rebinding), so on loopback only loopback's own names count as this server's.
/// </remarks>
internal static class BrowserOrigin
{
    public static bool IsForeign(HttpContext context, IReadOnlyList<string> allowed)
    {
        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || allowed.Contains("*") || allowed.Contains(origin, StringComparer.OrdinalIgnoreCase)) return false;
        if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? page)) return true; // "null": a page that hides where it is from
        if (!page.Authority.Equals(context.Request.Host.Value, StringComparison.OrdinalIgnoreCase)) return true;
        return context.Connection.LocalIpAddress is { } here && IPAddress.IsLoopback(here) && !page.IsLoopback;
    }
}
