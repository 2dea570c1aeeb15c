namespace Folio.Formats.Hub;

/// <summary>A blob's .incomplete file. It only grows at its end, so that it is a beginning of the blob whenever and however the process ends.</summary>
/// <remarks>Any later pull can go on from it, huggingface_hub's too: older versions append to this very file, newer ones leave it alone.</remarks>
internal sealed class PartialBlob : IDisposable
{
    private const int ReadBytes = 1 << 20;

    private readonly FileStream _file;
    private readonly ContentHash _hash;
    private readonly PullTally _tally;

    private PartialBlob(FileStream file, ContentHash hash, PullTally tally) => (_file, _hash, _tally) = (file, hash, tally);

    /// <summary>Bytes that are there.</summary>
    public long Length { get; private set; }

    /// <summary>Whether it takes more bytes: the disk has refused none.</summary>
    public bool IsWritable { get; private set; } = true;

    /// <summary>Opens it and reads what an earlier pull has left.</summary>
    public static async Task<PartialBlob> OpenAsync(string path, RemoteFile file, PullTally tally, CancellationToken cancellation)
    {
        var part = new PartialBlob(await LoneFile.OpenAsync(path, () => { }, cancellation), new ContentHash(file), tally);
        try
        {
            if (part._file.Length > file.Size) part._file.SetLength(0); // no beginning of this blob
            byte[] buffer = new byte[ReadBytes];
            for (long kept = part._file.Length; part.Length < kept;)
            {
                int read = await part._file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, kept - part.Length)), cancellation);
                if (read == 0) break;
                part.Count(buffer.AsSpan(0, read));
            }

            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>Appends what has been received, and counted, before.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, bytes, Length);
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            IsWritable = false;
            throw new HubException($"{_file.Name} can't be written: {e.Message} What is there stays, and the next pull goes on from it.", e);
        }

        _hash.Append(bytes);
        Length += bytes.Length;
    }

    /// <summary>Forgets all.</summary>
    public void Restart()
    {
        _tally.Add(-Length);
        Length = 0;
        _file.SetLength(0);
        _hash.Restart();
    }

    /// <summary>Sees to it that the bytes are on the disk: the blob's name must not survive a power cut that they don't.</summary>
    /// <returns>The hash.</returns>
    public string Finish()
    {
        _file.Flush(flushToDisk: true);
        return _hash.Finish();
    }

    public void Dispose()
    {
        _hash.Dispose();
        _file.Dispose();
    }

    private void Count(ReadOnlySpan<byte> kept)
    {
        _hash.Append(kept);
        Length += kept.Length;
        _tally.Add(kept.Length);
    }
}
