using System.Text;

namespace Folio.Compute.Cpu.Kept;

/// <summary>One checkpoint's packed weights: found in the cache, or written to it beside the work once all are there.</summary>
internal sealed unsafe class KeptWeights : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10); // at the end of a process that has only just packed

    private readonly PackedWeightCache _cache;
    private readonly Guid _origin;
    private readonly string _path;
    private readonly PackedFile? _file;
    private readonly List<KeptWeight> _weights = [];
    private readonly CancellationTokenSource _stop = new();
    private Thread? _writer;
    private bool _isComplete = true; // all weights were found

    public KeptWeights(PackedWeightCache cache, string origin)
    {
        _cache = cache;
        _origin = PackedWeightCache.DigestOf(origin);
        _path = cache.PathOf(_origin);
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
        if (_isComplete || bytes < _cache.LeastBytes || bytes > _cache.MostBytes) return;
        _writer = new Thread(Write) { IsBackground = true, Name = "folio-keep", Priority = ThreadPriority.BelowNormal };
        _writer.Start();
    }

    /// <summary>Waits a while for a file that is being written, then gives it up. The weights' memory may go afterwards.</summary>
    public void Dispose()
    {
        if (_writer?.Join(s_patience) == false)
        {
            _stop.Cancel();
            _writer.Join();
        }

        _stop.Dispose();
        _file?.Dispose();
    }

    private void Write()
    {
        try
        {
            _cache.MakeRoom(_path, _weights.Sum(weight => weight.Bytes));
            PackedFileWriter.Write(_path, PackedWeightCache.Build, _origin, _weights, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The process ends; the next one packs again.
        }
        catch (Exception error) when (PackedWeightCache.IsRefusal(error))
        {
            _cache.Warn($"{_path}: packed weights can't be kept: {error.Message}");
        }
    }
}
