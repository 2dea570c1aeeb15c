namespace Folio.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    public override KvCache AllocateKvCache(KvCacheShape shape) => throw new NotImplementedException();

    public override long KvBytesPerBlock(KvCacheShape shape) => throw new NotImplementedException();

    public override void RmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y) => throw new NotImplementedException();

    public override void LayerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor y) => throw new NotImplementedException();

    public override void Rope(Tensor x, int headDim, Tensor cosines, Tensor sines, RopeStyle style) => throw new NotImplementedException();

    public override void StoreKv(KvCache cache, int layer, Tensor k, Tensor v, ReadOnlySpan<int> slots) => throw new NotImplementedException();

    public override void Attention(KvCache cache, int layer, Tensor q, StepBatch batch, AttentionParameters parameters, Tensor y) => throw new NotImplementedException();

    public override void Activate(Activation activation, Tensor x, Tensor y) => throw new NotImplementedException();

    public override void ActivateGated(Activation activation, Tensor gate, Tensor up, Tensor y) => throw new NotImplementedException();

    public override void Add(Tensor x, Tensor y) => throw new NotImplementedException();

    public override void GatherRows(Tensor x, ReadOnlySpan<int> rows, Tensor y) => throw new NotImplementedException();

    public override void CopyBlocks(KvCache cache, ReadOnlySpan<BlockCopy> copies) => throw new NotImplementedException();

    public override void Sample(Tensor logits, ReadOnlySpan<SampleRequest> requests, Span<int> results) => throw new NotImplementedException();
}
