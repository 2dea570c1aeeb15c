using System.Diagnostics;
using Folio.Compute;

namespace Folio.Bench;

/// <summary>A backend that notes how long each op takes.</summary>
internal sealed class TimedBackend(Backend inner) : Backend
{
    private readonly Dictionary<string, double> _seconds = [];

    /// <summary>Seconds of each op since <see cref="Reset"/>.</summary>
    public IEnumerable<(string Op, double Seconds)> Times => _seconds.Select(op => (op.Key, op.Value));

    public void Reset() => _seconds.Clear();

    public override string Description => inner.Description;

    public override long AvailableMemory => inner.AvailableMemory;

    public override int StepTokens => inner.StepTokens;

    public override IReadOnlyList<DType> CacheTypes => inner.CacheTypes;

    public override string KvImageFormat => inner.KvImageFormat;

    public override Tensor Allocate(int rows, int columns, DType type = DType.F32) => inner.Allocate(rows, columns, type);

    public override Tensor Upload(ReadOnlySpan<float> values) => inner.Upload(values);

    public override Weight Pack(params ReadOnlySpan<WeightSource> parts) => inner.Pack(parts);

    public override KvCache AllocateKvCache(KvCacheShape shape) => inner.AllocateKvCache(shape);

    public override long KvBytesPerBlock(KvCacheShape shape) => inner.KvBytesPerBlock(shape);

    public override void ReserveAttention(int maxTokens, int maxSequences, int heads, KvCacheShape shape) => inner.ReserveAttention(maxTokens, maxSequences, heads, shape);

    public override void Embed(Weight table, Indices ids, Tensor y, bool accumulate = false)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Embed(table, ids, y, accumulate);
        Add("embed", start);
    }

    public override void Linear(Tensor x, Weight w, Tensor bias, Tensor y, bool accumulate = false)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Linear(x, w, bias, y, accumulate);
        Add($"linear {w.Columns} → {w.Rows}", start);
    }

    public override void RmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.RmsNorm(x, weight, epsilon, y);
        Add("norm", start);
    }

    public override void LayerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.LayerNorm(x, weight, bias, epsilon, y);
        Add("norm", start);
    }

    public override void StoreKv(KvCache cache, int layer, Tensor k, Tensor v, Indices slots)
    {
        long start = Stopwatch.GetTimestamp();
        inner.StoreKv(cache, layer, k, v, slots);
        Add("store kv", start);
    }

    public override void RopeAndStoreKv(KvCache cache, int layer, Tensor q, Tensor k, Tensor v, RopeAngles angles, StepBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        inner.RopeAndStoreKv(cache, layer, q, k, v, angles, batch);
        Add("rope and store kv", start);
    }

    public override void Attention(KvCache cache, int layer, Tensor q, StepBatch batch, AttentionParameters parameters, Tensor y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Attention(cache, layer, q, batch, parameters, y);
        Add("attention", start);
    }

    public override void Activate(Activation activation, Tensor x, Tensor y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Activate(activation, x, y);
        Add("activation", start);
    }

    public override void ActivateGated(Activation activation, Tensor gate, Tensor up, Tensor y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.ActivateGated(activation, gate, up, y);
        Add("activation", start);
    }

    public override void Add(Tensor x, Tensor y) => inner.Add(x, y);

    public override void GatherRows(Tensor x, Indices rows, Tensor y) => inner.GatherRows(x, rows, y);

    public override void CopyBlocks(KvCache cache, ReadOnlySpan<BlockCopy> copies) => inner.CopyBlocks(cache, copies);

    public override HostKvBlocks AllocateHostBlocks(KvCacheShape shape) => inner.AllocateHostBlocks(shape);

    public override void CopyToHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies) => inner.CopyToHost(cache, host, copies);

    public override void CopyFromHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies) => inner.CopyFromHost(cache, host, copies);

    public override void Write(Tensor x, ReadOnlySpan<float> values) => inner.Write(x, values);

    public override Span<float> HostRow(Tensor x, int row) => inner.HostRow(x, row);

    public override void BeginSample(Tensor logits, ReadOnlySpan<SampleRequest> requests) => inner.BeginSample(logits, requests);

    public override void EndSample(Span<int> results) => inner.EndSample(results);

    public override void Dispose() => inner.Dispose();

    private void Add(string op, long start) =>
        _seconds[op] = _seconds.GetValueOrDefault(op) + Stopwatch.GetElapsedTime(start).TotalSeconds;
}
