using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Steps;

namespace Folio.Compute.Cuda;

/// <summary>The numbers of a step.</summary>
public sealed unsafe partial class CudaBackend
{
    private AttentionPlan? _plan;
    private StepUpload? _step;
    private StepLayout _layout; // of this step

    public override void BeginStep(StepBatch batch)
    {
        _context.Use();
        foreach (HostRows rows in _hostRows) rows.Forget();
        AttentionPlan plan = Plan;
        plan.Make(batch);
        _step ??= new StepUpload(_context, batch.MaxTokens, batch.MaxSequences, batch.MaxBlocksPerSequence, plan);
        _layout = new(batch.Tokens, batch.Sequences, batch.LogitRows, plan.TileCount);
        _step.Send(batch, plan, _layout, _blockSize);
        batch.Addresses = new(_step.At(_layout.TokenIds), _step.At(_layout.Positions), _step.At(_layout.SlotMapping), _step.At(_layout.LogitRowTokens));
    }

    private AttentionPlan Plan => _plan ?? throw new InvalidOperationException("ReserveAttention comes before steps");

    /// <summary>Where numbers lie on the card: they are there since the step began, or are brought now.</summary>
    private nint At(Indices indices) => indices.Address != 0 || indices.Length == 0 ? indices.Address : _uploads.Put(indices.Values);
}
