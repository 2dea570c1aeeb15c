using System.Diagnostics;
using Folio.Compute;

namespace Folio.Engine;

/// <summary>The overlapped form of a step, for backends beside the host: while step k runs, step k + 1 is planned and launched, so that the backend never waits for the host's work.</summary>
/// <remarks>
/// A sequence whose token of step k is still being drawn is planned for with a placeholder in that token's place. If the token turns out to be its last, k + 1 computes a row
/// that nobody looks at; its blocks are free at once, since whatever is written to them later is ordered behind k + 1.
/// What depends on the tokens of k waits for them: where the host has a part between logits and tokens, k is ended before k + 1 is planned; nobody is preempted or swapped in
/// while a step is in flight; and the loop rests, or ends, with nothing in flight.
/// </remarks>
internal sealed partial class EngineLoop
{
    private StepPlan? _inFlight; // launched; the tokens of its samples are expected
    private long _endedAt;       // when a step was last seen to have ended

    /// <returns>False when there was nothing to run.</returns>
    private bool StepBeside()
    {
        bool isInFlight = _inFlight is not null;
        long preemptions = scheduler.Preemptions;
        StepPlan plan = PlanBeside();            // who runs, how many tokens each, which blocks
        Announce(plan);

        _phase = StepPhase.MovingBlocks;
        if (!TrySwap(plan)) return true;         // where anything is swapped, nothing is in flight
        if (plan.IsEmpty)
        {
            EndInFlight();
            return isInFlight || scheduler.Unservable is not null || scheduler.Preemptions > preemptions;
        }

        bool draws = Sampler.DrawsWithoutHost(plan);
        if (!TryLaunch(plan, draws)) EndInFlight();
        else if (!EndInFlight(behind: plan)) Abandon(plan, draws);
        else if (draws) LeaveInFlight(plan);
        else EndWithHost(plan);
        VerifyScheduler();
        return true;
    }

    private StepPlan PlanBeside()
    {
        _phase = StepPhase.Scheduling;
        if (_inFlight is not null && scheduler.ScheduleAhead() is { } ahead) return ahead;
        EndInFlight();
        _phase = StepPhase.Scheduling;
        return scheduler.Schedule();
    }

    /// <returns>False, and its requests have failed, where that threw.</returns>
    private bool TryLaunch(StepPlan plan, bool draws)
    {
        try
        {
            plan.LaunchedAt = Stopwatch.GetTimestamp();
            runner.CopyBlocks(Blocks(plan.Copies)); // copy-on-write, before anything reads
            _phase = StepPhase.Computing;
            runner.Execute(plan.Batch);
            if (draws) sampler.Begin(plan);
            return true;
        }
        catch (Exception error) when (error is not BackendLostException)
        {
            scheduler.Discard();
            Fail(plan, error);
            CountStep();
            return false;
        }
    }

    /// <summary>Commits a step ahead of its tokens, whose places its sequences get. Those that have ended meanwhile get none.</summary>
    private void LeaveInFlight(StepPlan plan)
    {
        scheduler.Commit();                      // the tokens that it reads are known by now: index full blocks
        ReadOnlySpan<PlannedSample> samples = plan.Samples;
        for (int i = 0; i < samples.Length; i++)
        {
            if (!samples[i].Sequence.Finished) samples[i].Sequence.Expect(draw: i);
        }

        _inFlight = plan;
    }

    /// <summary>Waits for the step in flight, if there is one, and hands its tokens out.</summary>
    /// <param name="behind">What was launched behind it, and read what it wrote: if it fails, both do.</param>
    /// <returns>Whether it went well.</returns>
    private bool EndInFlight(StepPlan? behind = null)
    {
        if (_inFlight is not { } plan) return true;
        _inFlight = null;
        try
        {
            _phase = StepPhase.Computing;
            sampler.End(plan);
            Ended(plan);
        }
        catch (Exception error) when (error is not BackendLostException)
        {
            FailLaunched(plan, error);
            if (behind is not null) FailLaunched(behind, error);
            return false;
        }
        finally
        {
            CountStep();
        }

        _phase = StepPhase.Committing;
        foreach (ref readonly PlannedSample sample in plan.Samples) Accept(sample);
        return true;
    }

    /// <summary>Ends a launched step in the plain way, with nothing in flight before it.</summary>
    private void EndWithHost(StepPlan plan)
    {
        try
        {
            _phase = StepPhase.Computing;        // whose end the host's part waits for
            sampler.Sample(plan);
            Pool(plan);
            if (plan.Samples.IsEmpty) sampler.Wait(); // as nobody else has: a prefix to be pinned, say
            Ended(plan);
        }
        catch (Exception error) when (error is not BackendLostException)
        {
            FailLaunched(plan, error);
            return;
        }
        finally
        {
            CountStep();
        }

        Commit(plan);                            // index full blocks, fork, append, finish
    }

    /// <summary>Waits for a step whose requests have failed with the one before. How it ends is nobody's concern, but nothing is launched behind it before it has.</summary>
    private void Abandon(StepPlan plan, bool draws)
    {
        try
        {
            if (draws) sampler.End(plan);
            else sampler.Wait();
        }
        catch (Exception error) when (error is not BackendLostException) // told already
        {
        }

        CountStep();
    }

    /// <summary>What a step takes is what it adds to the one before it: its launch may have been long ago.</summary>
    private void Ended(StepPlan plan)
    {
        long now = Stopwatch.GetTimestamp(), began = Math.Max(plan.LaunchedAt, _endedAt);
        costs.Computed(plan.Batch.Sequences, plan.Batch.Tokens - plan.Batch.Sequences, Stopwatch.GetElapsedTime(began, now).TotalSeconds);
        _endedAt = now;
    }

    /// <summary>What the step was to compute is not there: whoever took part fails, even if it is swapped out or waits by now, and nobody else finds it.</summary>
    private void FailLaunched(StepPlan plan, Exception error)
    {
        scheduler.Forget(plan);
        Fail(plan, error);
    }
}
