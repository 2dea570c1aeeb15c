using System.Diagnostics;
using Folio.Compute;

namespace Folio.Engine;

/// <summary>The plain form of a step, for backends that are the host itself: planned, computed, sampled and committed, one after the other.</summary>
internal sealed partial class EngineLoop
{
    /// <returns>False when there was nothing to run.</returns>
    private bool StepAlone()
    {
        _phase = StepPhase.Scheduling;
        long preemptions = scheduler.Preemptions;
        StepPlan plan = scheduler.Schedule();    // who runs, how many tokens each, which blocks
        Announce(plan);

        _phase = StepPhase.MovingBlocks;
        if (!TrySwap(plan)) return true;         // before anything else touches a block
        if (plan.IsEmpty) return scheduler.Unservable is not null || scheduler.Preemptions > preemptions;

        Run(plan);
        CountStep();
        return true;
    }

    private void Run(StepPlan plan)
    {
        try
        {
            runner.CopyBlocks(Blocks(plan.Copies)); // copy-on-write, before anything reads
            _phase = StepPhase.Computing;
            Execute(plan.Batch);
            _phase = StepPhase.Sampling;
            sampler.Sample(plan);
            Pool(plan);
        }
        catch (Exception error) when (error is not BackendLostException) // whatever else the backend throws fails this step's requests, and no others
        {
            scheduler.Discard();
            Fail(plan, error);
            return;
        }

        Commit(plan);                            // index full blocks, fork, append, finish
    }

    private void Execute(StepBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        runner.Execute(batch);
        costs.Computed(batch.Sequences, batch.Tokens - batch.Sequences, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
