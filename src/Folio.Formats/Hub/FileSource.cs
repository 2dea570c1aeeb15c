using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Folio.Formats.Hub;

/// <summary>The server answers a range with the whole file: it knows no ranges, or no longer has the bytes that the range was of.</summary>
internal sealed class RangeIgnoredException : Exception;

/// <summary>Where the bytes of one file come from. Signed addresses expire, so it may change while the file is fetched.</summary>
internal sealed class FileSource(HubClient client, RemoteFile file, HubSettings settings, PullTally tally)
{
    private const int ReadBytes = 128 << 10;

    private readonly Lock _lock = new();
    private Uri _location = file.Location;

    /// <summary>The server's own name for the bytes, from its first answer; what comes later must be of the same.</summary>
    private EntityTagHeaderValue? _served;

    /// <summary>Reads bytes from <paramref name="from"/> up to but not including <paramref name="end"/>, and no more, whatever else is sent.</summary>
    /// <param name="take">Is given them as they come.</param>
    /// <exception cref="RangeIgnoredException">They aren't to be had apart from the rest.</exception>
    /// <exception cref="TransientFailure">The connection was cut or fell silent, or the server is busy: it may go better later.</exception>
    public async Task ReadAsync(long from, long end, Action<ReadOnlyMemory<byte>> take, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await OpenAsync(from, end, cancellation);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using IMemoryOwner<byte> buffer = MemoryPool<byte>.Shared.Rent(ReadBytes);
        string host = answer.RequestMessage!.RequestUri!.Host;
        try
        {
            using Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
            for (long left = end - from; left > 0;)
            {
                silence.CancelAfter(settings.Silence);
                int read = await body.ReadAsync(buffer.Memory[..(int)Math.Min(left, buffer.Memory.Length)], silence.Token);
                if (read == 0) throw new TransientFailure($"{host} ends the connection {left} bytes too soon.");
                take(buffer.Memory[..read]);
                tally.Add(read);
                left -= read;
            }
        }
        catch (Exception e) when (HubClient.IsCut(e) && !cancellation.IsCancellationRequested)
        {
            throw HubClient.Cut(e, host);
        }
    }

    /// <summary>What was read has to be read again.</summary>
    public void Forget(long bytes) => tally.Add(-bytes);

    private async Task<HttpResponseMessage> OpenAsync(long from, long end, CancellationToken cancellation)
    {
        (Uri location, EntityTagHeaderValue? served) = Current();
        RangeHeaderValue? range = from == 0 && end == file.Size ? null : new(from, end - 1);
        HttpResponseMessage answer = await client.OpenAsync(location, range, range is null ? null : served, cancellation);
        try
        {
            switch (answer.StatusCode)
            {
                case HttpStatusCode.PartialContent:
                    CheckRange(answer, from);
                    break;
                case HttpStatusCode.OK when range is not null:
                    throw new RangeIgnoredException();
                case HttpStatusCode.OK:
                    if (answer.Content.Headers.ContentLength is { } sent && sent != file.Size) throw Unlike($"sends {sent} bytes");
                    break;
                case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.Gone when !client.IsHub(location):
                    await RenewAsync(location, cancellation);
                    throw new TransientFailure($"the address of {file.Name} at {location.Host} has expired.", TimeSpan.Zero);
                case HttpStatusCode.RequestedRangeNotSatisfiable:
                    throw Unlike("has fewer");
                default:
                    throw HubRefusal.Of(answer, settings, file.Repository, file.Commit, file.Name);
            }

            Remember(location, answer.Headers.ETag);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private (Uri, EntityTagHeaderValue?) Current()
    {
        lock (_lock) return (_location, _served);
    }

    private void Remember(Uri location, EntityTagHeaderValue? served)
    {
        lock (_lock)
        {
            if (location == _location && served is { IsWeak: false }) _served ??= served;
        }
    }

    private async Task RenewAsync(Uri expired, CancellationToken cancellation)
    {
        RemoteFile now = await client.DescribeAsync(file.Repository, file.Commit, file.Name, cancellation);
        if (now.ETag != file.ETag || now.Size != file.Size) throw new HubException($"{file.Repository}: {file.Name} of commit {file.Commit} has changed while it was fetched.");
        lock (_lock)
        {
            if (_location == expired) (_location, _served) = (now.Location, null);
        }
    }

    private void CheckRange(HttpResponseMessage answer, long from)
    {
        ContentRangeHeaderValue? range = answer.Content.Headers.ContentRange;
        if (range is null || range.From != from || (range.HasLength && range.Length != file.Size)) throw Unlike($"sends another range ({range?.ToString() ?? "without saying which"})");
    }

    private HubException Unlike(string what) => new($"{file.Repository}: {file.Name} was announced with {file.Size} bytes; the server {what}.");
}
