using Folio.Compute.Cuda.Attention;

namespace Folio.Compute.Cuda;

/// <summary>From logits to tokens.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int MaxDrawn = AttentionPlan.MaxSequences;

    private readonly nint _drawn; // [requests] what the last step has drawn

    public override void BeginSample(Tensor logits, ReadOnlySpan<SampleRequest> requests) => throw new NotImplementedException();

    public override void EndSample(Span<int> results) => throw new NotImplementedException();
}
