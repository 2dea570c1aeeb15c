using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda;

/// <summary>The paged cache, and attention over it.</summary>
public sealed unsafe partial class CudaBackend
{
    private AttentionKernels? _attention;
    private (KvCacheShape Shape, DType Y) _attentionFor;
    private nint _states;    // [parts, heads, headDim + 2]
    private int _blockSize;
    private DType _reservedFor;

    public override KvCache AllocateKvCache(KvCacheShape shape)
    {
        Check(shape);
        _blockSize = shape.BlockSize;
        _moving = new MovingBlocks(_context, shape.Layers);
        return new CudaKvCache(shape, _context.Allocate(shape.Blocks * CudaKvCache.BytesPerBlock(shape), $"a KV cache of {shape.Blocks} blocks"));
    }

    public override long KvBytesPerBlock(KvCacheShape shape)
    {
        Check(shape);
        return CudaKvCache.BytesPerBlock(shape);
    }

    public override void ReserveAttention(int maxTokens, int maxSequences, int heads, KvCacheShape shape)
    {
        if (_plan is not null) throw new CudaException("a card's backend serves one model; another model needs a backend of its own.");
        _reservedFor = shape.Type; // by which prompts are cut for their kernel
        int parts = MostParts(maxSequences, shape);
        _plan = new AttentionPlan(maxTokens, maxSequences, heads / shape.KvHeads, parts, LaunchOf(shape).TileRows);
        _states = _context.Allocate((long)parts * heads * (shape.HeadDim + 2) * sizeof(float), "the states of attention's partitions");
        _float8?.Reserve(maxTokens);
    }

    public override void StoreKv(KvCache cache, int layer, Tensor k, Tensor v, Indices slots) => Store(cache, layer, default, k, v, default, 0, slots);

    public override void RopeAndStoreKv(KvCache cache, int layer, Tensor q, Tensor k, Tensor v, RopeAngles angles, StepBatch batch) =>
        Store(cache, layer, q, k, v, angles, angles.IsByPosition ? At(batch.TokenPositions) : 0, batch.Slots);

    public override void Attention(KvCache cache, int layer, Tensor q, StepBatch batch, AttentionParameters parameters, Tensor y)
    {
        KvLayer own = ((CudaKvCache)cache).Layer(layer);
        AttentionKernels kernels = KernelsFor(cache.Shape, y.Type);
        AwaitMoved(layer);
        nint step = _step!.Address, lengths = _step.At(_layout.Lengths), rows = _step.At(_layout.Rows), partitions = _step.At(_layout.Partitions), starts = _step.At(_layout.PartStarts);
        if (Plan.ItemCount > 0 || _records)
        {
            var decode = new PagedDecodeArguments(
                q.Data, y.Data, own, step, rows, lengths, partitions, starts, _states, q.Stride, y.Stride, parameters.Heads, parameters.Window, parameters.Scale, parameters.SoftCap);
            kernels.Decode.Launch(decode, _records ? kernels.MostDecodeBlocks : kernels.DecodeBlocks(Plan.ItemCount * own.KvHeads));
        }

        if (Plan.PartCount > 0 || _records)
            kernels.Merge.Launch(new MergePartitionsArguments(y.Data, _states, rows, lengths, partitions, starts, y.Stride, parameters.Heads, parameters.Window), parameters.Heads, batch.Sequences);

        if (Plan.TileCount > 0)
        {
            var prefill = new PagedPrefillArguments(
                q.Data, y.Data, own, step, _step.At(_layout.Tiles), _step.At(_layout.QueryStarts), lengths, Plan.TileCount, q.Stride, y.Stride,
                parameters.Heads, parameters.Window, parameters.Causal ? 1 : 0, parameters.Scale, parameters.SoftCap);
            kernels.Prefill.Launch(prefill, Plan.TileCount * own.KvHeads);
        }
    }

    /// <summary>
    /// Partitions of decoding sequences whose states a step keeps at most: of twice the positions that a cache in all of the memory would hold, since sequences share blocks. That is some thousandth of the
    /// cache. What has more is done by prefill.
    /// </summary>
    private int MostParts(int maxSequences, KvCacheShape shape)
    {
        long positions = AvailableMemory / CudaKvCache.BytesPerBlock(shape) * shape.BlockSize;
        return maxSequences + (int)Math.Min(2 * positions / AttentionPlan.PartitionPositions, (long)maxSequences << 9); // of 131,072 positions each
    }

    /// <summary>Prefill goes by warpgroups where the card and the kernel have them, and decoding is spread over warps, where bits of one needn't be those of the other.</summary>
    internal AttentionLaunch LaunchOf(KvCacheShape shape) =>
        new(shape, _context.Architecture == "sm_90a" && AttentionLaunch.HasWarpgroups(shape) && !_options.IsDeterministic, SharesTiles: !_options.IsDeterministic);

    private void Store(KvCache cache, int layer, Tensor q, Tensor k, Tensor v, RopeAngles angles, nint angleRows, Indices slots)
    {
        if (v.Stride != k.Stride || (q.Data != 0 && q.Stride != k.Stride)) throw new ArgumentException("queries, keys and values are parts of one product", nameof(k));
        AwaitMoved(layer);
        int headDim = cache.Shape.HeadDim;
        var arguments = new StoreKvArguments(
            q.Data, k.Data, v.Data, ((CudaKvCache)cache).Layer(layer), At(slots), angles.Cosines.Data, angles.Sines.Data, angleRows,
            k.Stride, q.Columns / headDim, angles.Cosines.Columns, angles.Cosines.Stride, angles.Style == RopeStyle.Interleaved ? 1 : 0);
        KernelsFor(cache.Shape, ProductInput).Store.Launch(arguments, slots.Length);
    }

    /// <summary>One shape of cache and one type of output serve a model.</summary>
    private AttentionKernels KernelsFor(KvCacheShape shape, DType y)
    {
        if (_attention is not null && _attentionFor == (shape, y)) return _attention;
        if (_plan is not null && shape.Type != _reservedFor) throw new InvalidOperationException($"ReserveAttention was for a cache of {_reservedFor}, not {shape.Type}");
        _attentionFor = (shape, y);
        return _attention = new AttentionKernels(_kernels, LaunchOf(shape), y, _context.Multiprocessors);
    }

    private static void Check(KvCacheShape shape)
    {
        if (shape.Type is not (DType.BF16 or DType.F16 or DType.F8_E4M3 or DType.I8))
            throw new ArgumentOutOfRangeException(nameof(shape), shape.Type, "a card's caches hold BF16, F16, F8_E4M3 or I8");
        if (shape.HeadDim % 2 != 0 || shape.HeadDim > AttentionLaunch.MostChannels)
            throw new CudaException($"the model's heads have {shape.HeadDim} channels; the card's kernels take even numbers up to {AttentionLaunch.MostChannels}. The processor computes such a model.");
    }
}
