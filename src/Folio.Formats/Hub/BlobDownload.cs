namespace Folio.Formats.Hub;

/// <summary>Fetches one blob into its .incomplete file, checks it, and gives it its name.</summary>
internal sealed class BlobDownload(HubClient client, RemoteFile file, string blob, HubSettings settings, PullTally tally)
{
    private readonly FileSource _source = new(client, file, settings, tally);

    /// <summary>Has the blob in place when it returns, whole and checked.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        string incomplete = $"{blob}.incomplete";
        while (true)
        {
            string hash;
            bool goesOn; // from what an earlier pull has left
            using (PartialBlob part = await PartialBlob.OpenAsync(incomplete, file, tally, cancellation))
            {
                goesOn = part.Length > 0;
                await FetchAsync(part, cancellation);
                hash = part.Finish();
            }

            if (hash == file.ETag)
            {
                File.Move(incomplete, blob, overwrite: true);
                return;
            }

            File.Delete(incomplete);
            tally.Add(-file.Size);
            if (!goesOn) throw new HubException($"{file.Repository}: {file.Name} has the hash {hash}; {file.ETag} was announced. What came was thrown away."); // else what was left may be at fault: once more, from the start
        }
    }

    private async Task FetchAsync(PartialBlob part, CancellationToken cancellation)
    {
        try
        {
            await new SegmentedFetch(_source, part, file.Size, settings).RunAsync(cancellation);
        }
        catch (RangeIgnoredException)
        {
            await FetchWholeAsync(part, cancellation);
        }
    }

    /// <summary>From the first byte to the last in one answer, for servers that know no ranges.</summary>
    private Task FetchWholeAsync(PartialBlob part, CancellationToken cancellation) => new Retries(settings, settings.Attempts).RunAsync(
        () =>
        {
            part.Restart();
            return _source.ReadAsync(0, file.Size, bytes => part.Append(bytes.Span), cancellation);
        },
        cancellation);
}
