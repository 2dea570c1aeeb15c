using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>When a request's time is over, it is cancelled just as if its client had left, and the client is told.</summary>
/// <remarks>The request's <see cref="HttpContext.RequestAborted"/> is what every route hands on; meanwhile it is this deadline's, and the client's own is kept here.</remarks>
internal sealed class Deadline : IDisposable
{
    /// <summary>Seconds that the client gives the request.</summary>
    public const string Header = "X-Request-Timeout";

    /// <summary>Longer than any request runs (24 days), and what a timer can wait; whoever asks for more asks for no limit of its own.</summary>
    private const double MostSeconds = int.MaxValue / 1000.0;

    private static readonly object Item = new();

    private readonly HttpContext _context;
    private readonly CancellationToken _client;
    private readonly CancellationTokenSource _source;

    private Deadline(HttpContext context, TimeSpan time)
    {
        (_context, _client) = (context, context.RequestAborted);
        _source = CancellationTokenSource.CreateLinkedTokenSource(_client);
        _source.CancelAfter(time);
        context.RequestAborted = _source.Token;
        context.Items[Item] = this;
    }

    /// <param name="context">The request.</param>
    /// <param name="most">What the server gives any request; null: no end.</param>
    /// <returns>Null where neither the server nor the client has set one.</returns>
    /// <exception cref="ApiException">The client's isn't a number of seconds.</exception>
    public static Deadline? Start(HttpContext context, TimeSpan? most)
    {
        TimeSpan? asked = Asked(context.Request.Headers[Header].ToString());
        TimeSpan? time = asked is null || asked > most ? most : asked;
        return time is { } limit ? new(context, limit) : null;
    }

    /// <summary>Whether the request was cancelled because its time was over.</summary>
    public static bool HasPassed(HttpContext context) =>
        context.Items[Item] is Deadline { _source.IsCancellationRequested: true, _client.IsCancellationRequested: false };

    /// <summary>Cancelled when the client has left; what is written to it must not stop at the deadline.</summary>
    public static CancellationToken ClientGone(HttpContext context) => context.Items[Item] is Deadline deadline ? deadline._client : context.RequestAborted;

    public void Dispose()
    {
        _context.RequestAborted = _client;
        _source.Dispose();
    }

    private static TimeSpan? Asked(string header)
    {
        if (header.Length == 0) return null;
        bool isNumber = double.TryParse(header, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double seconds);
        if (isNumber && seconds > 0) return seconds <= MostSeconds ? TimeSpan.FromSeconds(seconds) : null;
        throw ApiException.BadRequest($"The header {Header} must be a number of seconds above 0.", Header);
    }
}
