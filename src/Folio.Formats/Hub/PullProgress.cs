namespace Folio.Formats.Hub;

/// <summary>How far a pull has come.</summary>
/// <param name="File">The file that is fetched.</param>
/// <param name="Bytes">Of all files, those that were there before included.</param>
/// <param name="TotalBytes">Of all files.</param>
public readonly record struct PullProgress(string File, long Bytes, long TotalBytes);

/// <summary>Adds up what the connections of a pull receive.</summary>
internal sealed class PullTally(IProgress<PullProgress>? progress)
{
    private long _bytes, _total;

    /// <summary>The file that is fetched.</summary>
    public string File { get; set; } = "";

    public void Expect(long bytes) => Interlocked.Add(ref _total, bytes);

    /// <param name="bytes">Less than 0 where they have to come again.</param>
    public void Add(long bytes)
    {
        long now = Interlocked.Add(ref _bytes, bytes);
        progress?.Report(new(File, now, Interlocked.Read(ref _total)));
    }
}
