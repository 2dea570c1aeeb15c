using System.Net;
using System.Net.Http.Headers;

namespace Folio.Formats.Hub;

/// <summary>The hub's HTTP: one request, its redirects, whom the token is shown to, and what an answer means.</summary>
/// <remarks>Paths, headers and error codes are those that huggingface_hub (hf_api.py, file_download.py, utils/_http.py) relies on.</remarks>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 5, MostListingBytes = 64 << 20;

    private readonly HubSettings _settings;
    private readonly HttpClient _http;

    public HubClient(HubSettings settings)
    {
        _settings = settings;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // the token must not follow
            UseCookies = false,
            UseProxy = !settings.Endpoint.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // silence is timed, not length
        _http.DefaultRequestHeaders.UserAgent.Add(new("folio", typeof(HubClient).Assembly.GetName().Version?.ToString(3)));
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new("identity")); // lengths and hashes are of the file's own bytes
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The files of a revision, and the commit that it is.</summary>
    /// <param name="tries">Where a copy in the cache may serve instead, one is enough.</param>
    public Task<RepositoryListing> ListAsync(string repository, string revision, int tries, CancellationToken cancellation) => new Retries(_settings, tries).RunAsync(async () =>
    {
        Uri address = Address($"api/models/{repository}/revision/{Uri.EscapeDataString(revision)}?blobs=true");
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, address, null, StayHere, cancellation);
        if (answer.StatusCode != HttpStatusCode.OK) throw HubRefusal.Of(answer, _settings, repository, revision, file: null);
        byte[] json = await ReadAllAsync(answer, MostListingBytes, cancellation);
        return RepositoryListing.Parse(json, repository, _settings.Host);
    }, cancellation);

    /// <summary>A file's hash, size and place: a HEAD that follows the hub's own redirects, and none that leads away from it.</summary>
    public Task<RemoteFile> DescribeAsync(string repository, string commit, string name, CancellationToken cancellation) => new Retries(_settings, _settings.Attempts).RunAsync(async () =>
    {
        Uri address = Address($"{repository}/resolve/{commit}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}");
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Head, address, null, StayHere, cancellation);
        bool isRedirect = IsRedirect(answer);
        if (!isRedirect && !answer.IsSuccessStatusCode) throw HubRefusal.Of(answer, _settings, repository, commit, name);

        string etag = (Header(answer, "X-Linked-ETag") ?? Header(answer, "ETag") ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"');
        if (!RemoteFile.IsHash(etag)) throw new HubException($"{repository}: {_settings.Host} announces no hash for {name}, so what it sends couldn't be checked.");
        if (Header(answer, "X-Repo-Commit") is { } other && other != commit) throw new HubException($"{repository}: {_settings.Host} offers {name} of commit {HubText.Clean(other)}; commit {commit} was asked for.");
        long? size = long.TryParse(Header(answer, "X-Linked-Size"), out long linked) ? linked : isRedirect ? null : answer.Content.Headers.ContentLength;
        if (size is not >= 0) throw new HubException($"{repository}: {_settings.Host} announces no size for {name}.");
        return new RemoteFile(repository, commit, name, etag, size.Value, isRedirect ? Target(answer) : answer.RequestMessage!.RequestUri!);
    }, cancellation);

    /// <summary>Opens a file's bytes, wherever redirects lead.</summary>
    /// <param name="range">Null: all of them.</param>
    /// <param name="same">What the range must still be of; if it isn't, everything is sent.</param>
    /// <returns>An answer of any status but those that may pass.</returns>
    /// <exception cref="TransientFailure">It may go better later.</exception>
    public Task<HttpResponseMessage> OpenAsync(Uri location, RangeHeaderValue? range, EntityTagHeaderValue? same, CancellationToken cancellation) => SendAsync(
        HttpMethod.Get,
        location,
        request =>
        {
            request.Headers.Range = range;
            if (same is not null) request.Headers.IfRange = new(same);
        },
        _ => true,
        cancellation);

    /// <summary>Whether an address is the hub's own, where the token may be shown.</summary>
    public bool IsHub(Uri address) => Uri.Compare(address, _settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private Uri Address(string path) => new($"{_settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>A renamed repository is found under its new name. A file kept elsewhere is described by the hub's own answer, which is what counts.</summary>
    private bool StayHere(HttpResponseMessage answer) => IsHub(Target(answer)) && Header(answer, "X-Linked-ETag") is null;

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, Action<HttpRequestMessage>? prepare, Func<HttpResponseMessage, bool> mayFollow, CancellationToken cancellation)
    {
        for (int redirects = 0; ; redirects++)
        {
            HttpResponseMessage answer = await SendOnceAsync(method, address, prepare, cancellation);
            if (!IsRedirect(answer) || !mayFollow(answer)) return answer;
            Uri target = Target(answer);
            answer.Dispose();
            if (redirects == MostRedirects) throw new HubException($"{address.Host} redirects more than {MostRedirects} times.");
            if (HubSettings.IsPrivate(address) && !HubSettings.IsPrivate(target)) throw new HubException($"{address.Host} redirects to {target.Host} without encryption; https was expected.");
            address = target;
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, Uri address, Action<HttpRequestMessage>? prepare, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, address);
        if (_settings.Token is { } token && IsHub(address) && HubSettings.IsPrivate(address)) request.Headers.Authorization = new("Bearer", token);
        prepare?.Invoke(request);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(_settings.Silence);
        try
        {
            HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            if (!HubRefusal.MayPass(answer.StatusCode)) return answer;
            using (answer) throw new TransientFailure($"{address.Host} answers {(int)answer.StatusCode} {HubText.Clean(answer.ReasonPhrase ?? "")}".TrimEnd() + ".", HubRefusal.RetryAfter(answer));
        }
        catch (Exception e) when (IsCut(e) && !cancellation.IsCancellationRequested)
        {
            throw Cut(e, address.Host);
        }
    }

    /// <summary>Whether an exception is a connection's end, or our patience's.</summary>
    internal static bool IsCut(Exception error) => error is HttpRequestException or IOException or OperationCanceledException;

    internal static TransientFailure Cut(Exception error, string host) =>
        new(error is OperationCanceledException ? $"{host} is silent." : $"{host}: {(error.InnerException?.Message ?? error.Message).TrimEnd('.')}.", inner: error);

    private async Task<byte[]> ReadAllAsync(HttpResponseMessage answer, int most, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            using Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
            using var all = new MemoryStream();
            byte[] buffer = new byte[64 << 10];
            while (true)
            {
                silence.CancelAfter(_settings.Silence);
                int read = await body.ReadAsync(buffer, silence.Token);
                if (read == 0) return all.ToArray();
                if (all.Length + read > most) throw new HubException($"{_settings.Host} sends a listing of more than {SizeText.Of(most)}.");
                all.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (IsCut(e) && !cancellation.IsCancellationRequested)
        {
            throw Cut(e, _settings.Host);
        }
    }

    private static bool IsRedirect(HttpResponseMessage answer) => (int)answer.StatusCode is 301 or 302 or 303 or 307 or 308 && answer.Headers.Location is not null;

    private static Uri Target(HttpResponseMessage answer)
    {
        var target = new Uri(answer.RequestMessage!.RequestUri!, answer.Headers.Location!);
        return target.Scheme is "http" or "https" ? target : throw new HubException($"{answer.RequestMessage.RequestUri!.Host} redirects to an address that isn't of the web.");
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
