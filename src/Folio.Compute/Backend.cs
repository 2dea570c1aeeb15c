namespace Folio.Compute;

/// <summary>The op set that models are written over: one processor's memory and kernels.</summary>
/// <remarks>
/// Every op fixes the order in which a row's numbers are summed, whatever the batch, the chunking or the number of threads: a row's result is a
/// function of that row alone (design §5). Inputs and outputs must not overlap except where an op says that it works in place.
/// After loading, no op allocates.
/// </remarks>
public abstract class Backend : IDisposable
{
    /// <summary>What runs here, for people: processor, instruction set, threads.</summary>
    public abstract string Description { get; }

    /// <summary>Whether weights take about what they take in their files, those that a <see cref="RowReader"/> makes too; else these take what it makes of them.</summary>
    public virtual bool KeepsStoredSize => false;

    /// <summary>Bytes of memory that weights, buffers and caches may still take.</summary>
    public abstract long AvailableMemory { get; }

    /// <summary>The share of <see cref="AvailableMemory"/> that a KV cache takes unless it is told otherwise. The rest is for buffers, and for everybody else.</summary>
    public virtual double CacheShare => 0.4;

    public const int StepTokensOfProcessors = 512;

    /// <summary>Tokens of a step where nobody says how many: enough to keep it busy, few enough that its buffers leave room.</summary>
    public virtual int StepTokens => StepTokensOfProcessors;

    /// <summary>Host memory that may still be taken beside a KV cache of so many bytes.</summary>
    public virtual long HostMemoryBeside(long cacheBytes) => AvailableMemory - cacheBytes;

    /// <summary>How a KV cache may store its numbers, first the type by which any model loses least.</summary>
    public abstract IReadOnlyList<DType> CacheTypes { get; }

    /// <summary>Host memory for the blocks of preempted requests, unless told otherwise.</summary>
    public virtual long DefaultSwapSpace(long cacheBytes) => cacheBytes / 4;

    /// <summary>What products read best: buffers that lie between an op and a product are allocated so. Known when the weights are complete.</summary>
    public virtual DType ProductInput => DType.F32;

    /// <summary>Token rows that go through a feed-forward together: enough for products to be bound by arithmetic, so its inner activations, by far the widest, need no room for a whole step.</summary>
    public virtual int FeedForwardRows => 128;

    /// <summary>A zeroed buffer of <paramref name="rows"/> × <paramref name="columns"/> values.</summary>
    /// <param name="type">F32 or <see cref="ProductInput"/>.</param>
    public abstract Tensor Allocate(int rows, int columns, DType type = DType.F32);

    /// <summary>A vector in the backend's memory, as one row: norm weights, biases.</summary>
    public abstract Tensor Upload(ReadOnlySpan<float> values);

    /// <summary>Says whose weights are packed next, until <see cref="EndWeights"/>: a backend may keep them for the next start.</summary>
    /// <param name="origin">Null: nothing tells them from other weights.</param>
    public virtual void BeginWeights(WeightOrigin? origin)
    {
    }

    /// <summary>The checkpoint's weights are complete.</summary>
    public virtual void EndWeights()
    {
    }

    /// <summary>Converts stored matrices into the layout that the kernels read, one below the other: the parts of a fused product (Q, K, V) become one.</summary>
    /// <param name="parts">Matrices of equal <c>Columns</c> and <c>Type</c>.</param>
    public abstract Weight Pack(params ReadOnlySpan<WeightSource> parts);

    public abstract KvCache AllocateKvCache(KvCacheShape shape);

    /// <summary>Bytes that one block of one such cache takes over all its layers.</summary>
    public abstract long KvBytesPerBlock(KvCacheShape shape);

    /// <summary>Whether ops only begin their work, so that the host can go on with the next step.</summary>
    public virtual bool RunsBeside => false;

    /// <summary>Runs a forward pass over a step: a backend may record the ops of one and repeat them for another that is like it, so they depend on the batch's counts alone.</summary>
    /// <param name="pass">The same one for all steps of a model.</param>
    public virtual void Run(StepBatch batch, Action<StepBatch> pass) => pass(batch);

    /// <summary>Makes ready whatever the first steps would have to wait for.</summary>
    /// <param name="batch">As large as the largest step; its content doesn't matter.</param>
    /// <param name="pass">What <see cref="Run"/> will be given. Its results aren't used.</param>
    public virtual void Prepare(StepBatch batch, Action<StepBatch> pass)
    {
    }

    /// <summary>Takes the memory that <see cref="Attention"/>, and what else goes by the size of steps, works in: no later step of at most so many tokens over such a cache allocates.</summary>
    /// <param name="maxTokens">Token rows of the largest step.</param>
    /// <param name="maxSequences">Sequences of the largest step.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="shape">The cache's, whatever its blocks.</param>
    public abstract void ReserveAttention(int maxTokens, int maxSequences, int heads, KvCacheShape shape);

    /// <summary>Copies token rows of the table: y[i] = table[ids[i]] (or y[i] += with <paramref name="accumulate"/>: learnt positions).</summary>
    public abstract void Embed(Weight table, Indices ids, Tensor y, bool accumulate = false);

    /// <summary>y = x · wᵀ + bias, or y += with <paramref name="accumulate"/> (a residual): [rows, w.Columns] → [rows, w.Rows].</summary>
    /// <param name="bias">[1, w.Rows], or default for none.</param>
    public abstract void Linear(Tensor x, Weight w, Tensor bias, Tensor y, bool accumulate = false);

    /// <summary>
    /// y = x / √(mean(x²) + ε) · weight, over each group of <c>weight.Columns</c> values of a row: the whole row, or each head. y may be x.
    /// </summary>
    public abstract void RmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y);

    /// <summary>y = (x − mean) / √(variance + ε) · weight + bias over each row. y may be x. weight and bias may be default: 1 and 0.</summary>
    public abstract void LayerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor y);

    /// <summary>Writes each row's keys and values to its slot: k and v [tokens, kvHeads · headDim].</summary>
    public abstract void StoreKv(KvCache cache, int layer, Tensor k, Tensor v, Indices slots);

    /// <summary>Rotates queries and keys, and writes keys and values to their slots. q is rotated in place; k may be, or not.</summary>
    public abstract void RopeAndStoreKv(KvCache cache, int layer, Tensor q, Tensor k, Tensor v, RopeAngles angles, StepBatch batch);

    /// <summary>Attention of each query row over its sequence's blocks, causal unless the parameters say otherwise: q and y [tokens, heads · headDim].</summary>
    public abstract void Attention(KvCache cache, int layer, Tensor q, StepBatch batch, AttentionParameters parameters, Tensor y);

    /// <summary>y = x, in y's type: for products of what no op has made for them.</summary>
    public virtual void Convert(Tensor x, Tensor y) => throw new NotSupportedException("this backend's products read F32");

    /// <summary>y = f(x), element by element, in place allowed.</summary>
    public abstract void Activate(Activation activation, Tensor x, Tensor y);

    /// <summary>y = f(gate) · up, element by element; y may be gate.</summary>
    public abstract void ActivateGated(Activation activation, Tensor gate, Tensor up, Tensor y);

    /// <summary>x += y.</summary>
    public abstract void Add(Tensor x, Tensor y);

    /// <summary>y[i] = x[rows[i]].</summary>
    public abstract void GatherRows(Tensor x, Indices rows, Tensor y);

    /// <summary>Copies whole blocks in every layer: one batched call for all copies of a step.</summary>
    public abstract void CopyBlocks(KvCache cache, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Names the layout of a block's image: equal names and equal shapes (but for their number of blocks) mean that one cache understands another's images.</summary>
    public abstract string KvImageFormat { get; }

    /// <summary>Host memory for images of whole blocks: a swap tier, or the way to a file. The caller disposes of it, before the backend.</summary>
    /// <param name="shape">The cache's, with <c>Blocks</c> slots. The system commits memory only as slots are first used, unless a backend needs it pinned.</param>
    public abstract HostKvBlocks AllocateHostBlocks(KvCacheShape shape);

    /// <summary>Copies blocks (sources) in every layer to slots of host memory (destinations): one batched call, which may only have begun when it returns: whoever reads an image waits for it.</summary>
    public abstract void CopyToHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Copies slots of host memory (sources) back to blocks (destinations), like <see cref="CopyToHost"/>.</summary>
    public abstract void CopyFromHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Copies host values to a buffer: rows [0, values.Length / x.Columns).</summary>
    public abstract void Write(Tensor x, ReadOnlySpan<float> values);

    /// <summary>
    /// One row in host memory, for what the host must do itself (grammar masks, penalties, log-probabilities). What the host writes there counts
    /// for the following <see cref="BeginSample"/>.
    /// </summary>
    public abstract Span<float> HostRow(Tensor x, int row);

    /// <summary>Changes the logits of ids that a request names or has used, before a draw: see <see cref="LogitRow.Change"/>.</summary>
    public virtual void Change(Tensor logits, int row, ReadOnlySpan<LogitChange> changes, LogitPenalties penalties) => LogitRow.Change(HostRow(logits, row), changes, penalties);

    /// <summary>Leaves only the ids whose bit is set, before a draw: see <see cref="LogitRow.Mask"/>.</summary>
    public virtual void Mask(Tensor logits, int row, ReadOnlySpan<ulong> allowed) => LogitRow.Mask(HostRow(logits, row), allowed);

    /// <summary>The most likeliest ids that <see cref="Logprobs"/> tells behind a draw; 0: none, because a draw changes its row.</summary>
    public virtual int MaxLogprobs => 0;

    /// <summary>Log-probabilities of rows as they are, and ranks, as <see cref="LogProbabilities"/> defines them; of backends that don't draw in place.</summary>
    /// <param name="tokens">[requests] what becomes known of each request's token.</param>
    /// <param name="likeliest">[requests, top], best first; −1 behind the last one. Top: as many for each as the most that one of them wants.</param>
    public virtual void Logprobs(Tensor logits, ReadOnlySpan<LogprobRequest> requests, Span<TokenRank> tokens, Span<TokenRank> likeliest) =>
        throw new NotSupportedException("this backend draws in place: the host knows the rows");

    /// <summary>
    /// The common end of the sampling chain: temperature, min-p, top-k, top-p, then one draw from each row requests[i].Row.
    /// See <see cref="SampleRequest"/> for the definition.
    /// </summary>
    public abstract void BeginSample(Tensor logits, ReadOnlySpan<SampleRequest> requests);

    /// <summary>What the earliest <see cref="BeginSample"/> has drawn whose tokens were not taken yet: results[i] for requests[i], −1 where there was no number to draw from.</summary>
    public abstract void EndSample(Span<int> results);

    /// <summary>Both at once.</summary>
    public void Sample(Tensor logits, ReadOnlySpan<SampleRequest> requests, Span<int> results)
    {
        BeginSample(logits, requests);
        EndSample(results);
    }

    public abstract void Dispose();
}
