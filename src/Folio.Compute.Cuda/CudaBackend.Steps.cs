using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Sampling;
using Folio.Compute.Cuda.Steps;

namespace Folio.Compute.Cuda;

/// <summary>Steps: their numbers, and recorded passes.</summary>
public sealed unsafe partial class CudaBackend
{
    private AttentionPlan? _plan;
    private StepUpload? _step;
    private StepLayout _layout;      // of the step that runs
    private RecordedPasses? _passes; // null until steps are prepared for, or for ever
    private bool _records;

    public override bool RunsBeside => true;

    public override void Run(StepBatch batch, Action<StepBatch> pass)
    {
        _context.Use();
        foreach (HostRows rows in _hostRows) rows.Forget();
        _asked.Forget();
        AttentionPlan plan = Plan;
        plan.Make(batch);
        StepUpload step = _step ??= new StepUpload(_context, batch.MaxTokens, batch.MaxSequences, batch.MaxBlocksPerSequence, plan);
        if (IsDecode(batch, plan) && _passes?.SizeFor(batch.Tokens) is { } size && !_moves)
        {
            step.Send(batch, plan, new(size, size, size, tiles: 0), _blockSize, size);
            _passes.Repeat(size);
            return;
        }

        _layout = new(batch.Tokens, batch.Sequences, batch.LogitRows, plan.TileCount);
        step.Send(batch, plan, _layout, _blockSize, batch.Sequences);
        batch.Addresses = step.Addresses(_layout);
        pass(batch);
    }

    /// <summary>Compiles what is compiled when it first runs, takes what is left to be taken of memory, and records passes of decoding steps, the largest first, unless they are to be launched each time.</summary>
    public override void Prepare(StepBatch batch, Action<StepBatch> pass)
    {
        _context.Use();
        int[] blocks = new int[batch.MaxBlocksPerSequence];
        int most = Math.Min(batch.MaxTokens, batch.MaxBlocksPerSequence * _blockSize);
        for (int tokens = 2 * LinearKernels.MaxFewRows; tokens > 1; tokens /= 2)
        {
            int count = Math.Min(tokens, most);
            batch.Clear();
            batch.Add(new int[count], 0, blocks, _blockSize, count); // a prompt
            batch.SlotMapping.AsSpan(0, count).Fill(-1);
            batch.WantLogits(count - 1);
            Run(batch, pass);
        }

        _sampling.Load();
        _ = CopyKernel;
        _logprobs = new LogprobBuffers(_context, batch.MaxTokens); // a step has no more rows of logits than tokens
        if (!_options.EnforceEager)
        {
            var passes = new RecordedPasses(_context, batch.MaxSequences);
            foreach (int size in passes.Sizes) Record(passes, size, batch, blocks, pass);
            _passes = passes;
        }

        CudaContext.Synchronize(_context.Stream);
    }

    private void Record(RecordedPasses passes, int size, StepBatch batch, int[] blocks, Action<StepBatch> pass)
    {
        batch.Clear();
        for (int i = 0; i < size; i++)
        {
            batch.Add([0], 0, blocks, _blockSize, 1);
            batch.SlotMapping[i] = -1;
            batch.WantLogits(i);
        }

        Plan.Make(batch);
        _layout = new(size, size, size, tiles: 0);
        _step!.Send(batch, Plan, _layout, _blockSize, size);
        batch.Addresses = _step.Addresses(_layout);
        _records = true;
        try
        {
            pass(batch); // nothing can be compiled, or loaded, while it is recorded
            passes.Record(size, pass, batch);
        }
        finally
        {
            _records = false;
        }
    }

    private AttentionPlan Plan => _plan ?? throw new InvalidOperationException("ReserveAttention comes before steps");

    /// <summary>Whether each sequence has one row, and all want their logits: what is recorded.</summary>
    private static bool IsDecode(StepBatch batch, AttentionPlan plan) => batch.Tokens == batch.Sequences && batch.LogitRows == batch.Tokens && plan.TileCount == 0;

    /// <summary>Where numbers lie on the card: they are there since the step began, or are brought now.</summary>
    private nint At(Indices indices) => indices.Address != 0 || indices.Length == 0 ? indices.Address : _uploads.Put(indices.Values);
}
