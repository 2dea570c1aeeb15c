using System.Globalization;
using System.Text;

namespace Folio.Compute.Cpu.Kept;

/// <summary>One checkpoint's packed weights: found in the cache, or written to it beside the work once all are there.</summary>
internal sealed unsafe class KeptWeights : IDisposable
{
    private readonly PackedWeightCache _cache;
    private readonly Guid _origin;
    private readonly string _path;
    private readonly PackedFile? _file;
    private readonly List<KeptWeight> _weights = [];
    private readonly CancellationTokenSource _stop = new();
    private Thread? _writer;
    private bool _isComplete = true; // all weights were found

    public KeptWeights(PackedWeightCache cache, WeightOrigin origin)
    {
        _cache = cache;
        _origin = PackedWeightCache.DigestOf(origin);
        _path = cache.PathOf(origin);
        cache.Sweep();
        if (!File.Exists(_path)) return;
        _file = PackedFile.TryOpen(_path, PackedWeightCache.Build, _origin, out string? problem);
        if (problem is not null) cache.Warn($"{_path}: the packed weights kept there are not used: {problem}.");
        if (_file is not null) PackedWeightCache.Touch(_path);
    }

    /// <summary>Bytes of mapped weights: memory that the system counts as free.</summary>
    public long MappedBytes => _file?.Length ?? 0;

    /// <summary>What tells a packed weight from all others of its checkpoint: the names, shapes and type of what was packed, in order.</summary>
    public static Guid KeyOf(ReadOnlySpan<WeightSource> parts)
    {
        var text = new StringBuilder();
        foreach (WeightSource part in parts) text.Append(part.Name).Append('\n').Append(part.Type).Append(' ').Append(part.Rows).Append(' ').Append(part.Columns).Append(part.Transposed ? "T\n" : "\n");
        return PackedWeightCache.DigestOf(text.ToString());
    }

    /// <returns>The panels as an earlier start packed them; null: they must be packed, and then <see cref="Add"/>ed.</returns>
    public byte* Find(Guid key, long bytes)
    {
        byte* panels = _file is null ? null : _file.Find(key, bytes);
        if (panels == null) _isComplete = false;
        else Add(key, panels, bytes);
        return panels;
    }

    public void Add(Guid key, byte* panels, long bytes) => _weights.Add(new(key, panels, bytes));

    /// <summary>All weights are there: begins to write them, if the cache lacks any.</summary>
    public void Keep()
    {
        long bytes = _weights.Sum(weight => weight.Bytes);
        if (_isComplete || bytes < _cache.LeastBytes) return;
        if (bytes > _cache.MostBytes)
        {
            _cache.Warn(string.Create(CultureInfo.InvariantCulture, $"packed weights take {bytes / 1e6:0} MB and at most {_cache.MostBytes / 1e6:0} MB are kept, so they are packed at each start (--packed-cache-space says how many are)."));
            return;
        }

        _writer = new Thread(Write) { IsBackground = true, Name = "folio-keep", Priority = ThreadPriority.BelowNormal };
        _writer.Start();
    }

    /// <returns>Whether no file is being written any more.</returns>
    public bool Await(TimeSpan patience) => _writer?.Join(patience) ?? true;

    /// <summary>Gives up a file that is still being written, which takes no longer than a slice of it takes to the disk. The weights' memory may go afterwards.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _writer?.Join();
        _stop.Dispose();
        _file?.Dispose();
    }

    private void Write()
    {
        try
        {
            _cache.MakeRoom(_path, _weights.Sum(weight => weight.Bytes));
            PackedFileWriter.Write(_path, PackedWeightCache.Build, _origin, _weights, _stop.Token);
            _cache.Trim(_path);
        }
        catch (OperationCanceledException)
        {
            _cache.Warn($"{_path}: packed weights were still being written at the end and are not kept; the next start packs them again.");
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            _cache.Warn($"{_path}: packed weights can't be kept: {error.Message}");
        }
    }
}
