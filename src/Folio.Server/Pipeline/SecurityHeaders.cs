using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>What tells browsers and caches to do nothing with an answer but hand it over. A route that answers with a page sets a policy of its own afterwards.</summary>
internal static class SecurityHeaders
{
    public static void Write(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
    }
}
