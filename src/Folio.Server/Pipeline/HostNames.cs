using System.Net;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>The names by which a server on loopback may be asked while it asks for no key: loopback's own, addresses, and the hosts of allowed origins.</summary>
/// <remarks>
/// Whoever runs a page may let its name lead to 127.0.0.1 (DNS rebinding); for the browser, what a server here answers is then the page's own to read, and a plain GET has no Origin that would tell. But it sends
/// the page's name as Host. An address can't be made to lead elsewhere, and loopback's names and those under <c>.internal</c>, by which containers call their host (<c>host.docker.internal</c>), are nobody's to let lead anywhere. With a key the page has none, and a proxy may pass on any name.
/// </remarks>
internal sealed class HostNames
{
    private readonly HashSet<string> _allowed;

    private HostNames(IEnumerable<string> allowed) => _allowed = new(allowed, StringComparer.OrdinalIgnoreCase);

    /// <param name="options">The server's.</param>
    /// <param name="address">Where it listens.</param>
    /// <returns>Null: any name will do.</returns>
    public static HostNames? For(ServerOptions options, IPAddress address)
    {
        bool isGuarded = options.AsksForKey || options.Identify is not null;
        bool isOpen = options.Insecure || !IPAddress.IsLoopback(address) || options.AllowedOrigins.Contains("*");
        return isGuarded || isOpen ? null : new(options.AllowedOrigins.Select(origin => Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) ? page.Host : origin));
    }

    /// <param name="host">As a request names it; clients that name none are no browsers.</param>
    public bool Include(HostString host)
    {
        string name = host.Host.TrimEnd('.');
        return name.Length == 0
            || name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".internal", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(name.Trim('[', ']'), out _)
            || _allowed.Contains(name);
    }

    /// <summary>Why it isn't answered under that name, and what would help.</summary>
    public static string Refusal(HostString host) =>
        $"This server isn't known as '{Fields.Cut(host.Host)}' (the header Host). Without an API key it answers on this machine as localhost or by its address alone, since anybody may let a name lead here; "
        + "--allowed-origins names the origin of a name that is its own, --insecure lets any name in, and with a key any will do.";
}
