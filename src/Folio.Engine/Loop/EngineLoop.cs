using System.Diagnostics;
using System.Runtime.InteropServices;
using Folio.Compute;

namespace Folio.Engine;

/// <summary>Runs the engine one step at a time. One thread owns all of this; nothing below it takes a lock.</summary>
internal sealed partial class EngineLoop(RequestInbox inbox, IScheduler scheduler, IModelRunner runner, Sampler sampler, StepCosts costs, EngineMetrics metrics)
{
    private volatile bool _stopping;
    private volatile Exception? _failure;
    private long _steps;
    private long _turns;
    private volatile StepPhase _phase;

    /// <summary>Steps that have ended, whether well or not. Any thread.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>How often it has looked for something to do. Any thread.</summary>
    public long Turns => Volatile.Read(ref _turns);

    /// <summary>What it is at now. Any thread.</summary>
    public StepPhase Phase => _phase;

    /// <summary>The defect that ended the loop; null while it runs, and where it was stopped.</summary>
    public Exception? Failure => _failure;

    private RequestFailedException? WhyStopped => _failure is { } error ? new("the engine has stopped, by a defect of its own.", error) : null;

    /// <summary>Called once for each group that has ended, however it did.</summary>
    public Action<SequenceGroup>? GroupEnded { get; init; }

    /// <summary>Told what is amiss without ending anything.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>Steps while there is anything to run, and sleeps else, until <see cref="Stop"/>. Then whatever is left is aborted.</summary>
    public void Run()
    {
        try
        {
            while (true)
            {
                inbox.Quiet(); // before the looks at the flag and at the messages: who rings after them is heard by Wait
                if (_stopping) break;
                if (Step()) continue;
                Volatile.Write(ref _turns, _turns + 1); // over, even if nothing ever rings
                _phase = StepPhase.Asleep;
                inbox.Wait();
            }

            EndInFlight();
        }
        catch (Exception error) // a defect of the engine itself: its state can't be trusted, so nobody must be left waiting for it
        {
            _failure = error;
        }

        inbox.Close();
        foreach (SequenceGroup group in scheduler.Groups().Concat(_held).ToArray()) EndUnserved(group);
        _quiet?.TrySetException(WhyStopped ?? (Exception)new ObjectDisposedException(nameof(LlmEngine)));
        AbortPosted();
    }

    /// <summary>Ends what was posted and will not be taken: the loop has ended. Any thread may call it then.</summary>
    public void AbortPosted()
    {
        while (inbox.TryTake(out InboxMessage message))
        {
            if (message.Call is { } call) call(WhyStopped ?? (Exception)new ObjectDisposedException(nameof(LlmEngine)));
            else if (message.Kind == MessageKind.Submit) EndUnserved(message.Group!);
        }
    }

    public void Stop()
    {
        _stopping = true;
        inbox.Ring();
    }

    /// <returns>False when there was nothing to run.</returns>
    public bool Step()
    {
        Volatile.Write(ref _turns, _turns + 1);
        _phase = StepPhase.TakingMessages;
        TakeMessages();                          // arrivals and cancellations since the last step
        if (Pauses()) return false;
        return runner.RunsBeside ? StepBeside() : StepAlone();
    }

    private void CountStep() => Volatile.Write(ref _steps, _steps + 1);

    /// <summary>Moves blocks out or back. Where that fails, those whose blocks they are lose them and are computed again.</summary>
    /// <returns>False when blocks didn't come back: the plan counted on them.</returns>
    private bool TrySwap(StepPlan plan)
    {
        try
        {
            Swap(plan);
            return true;
        }
        catch (Exception error) when (error is not BackendLostException)
        {
            Warning?.Invoke($"blocks could not be swapped, so the requests concerned are computed again: {error.Message}");
            if (plan.SwapsIn) scheduler.Discard();
            scheduler.LoseMoved();
            return !plan.SwapsIn;
        }
    }

    private void Swap(StepPlan plan)
    {
        for (SwapTier tier = SwapTier.Host; tier <= SwapTier.Disk; tier++)
        {
            Paging.CopyList outs = plan.SwapOuts(tier), ins = plan.SwapIns(tier);
            if (outs.Count + ins.Count == 0) continue;
            long start = Stopwatch.GetTimestamp();
            if (outs.Count > 0) runner.SwapOut(tier, Blocks(outs));
            if (ins.Count > 0) runner.SwapIn(tier, Blocks(ins));
            if (runner.RunsBeside && tier == SwapTier.Host) continue; // only begun: what it takes isn't seen
            costs.Moved(tier, outs.Count + ins.Count, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    private static ReadOnlySpan<BlockCopy> Blocks(Paging.CopyList copies) => MemoryMarshal.Cast<Paging.BlockCopy, BlockCopy>(copies.Copies);

    private void TakeMessages()
    {
        while (inbox.TryTake(out InboxMessage message))
        {
            if (message.Call is { } call)
            {
                call(null);
                continue;
            }

            SequenceGroup group = message.Group!;
            switch (message.Kind)
            {
                case MessageKind.Submit:
                    if (!Holds(group)) Add(group);
                    break;
                case MessageKind.Cancel:
                    if (_held.Remove(group)) Add(group); // only to leave at once
                    Abort(group);
                    break;
                default:
                    Sequence sequence = group.Sequences[message.Index];
                    if (sequence.Finished) break;
                    scheduler.Finish(sequence);
                    if (group.Alive == 0) End(group);
                    break;
            }
        }
    }

    private void Add(SequenceGroup group)
    {
        if (!scheduler.Add(group)) End(group, new RoomPinnedException("a prefix that was pinned meanwhile leaves too few blocks of the KV cache for this request; send it again."));
    }

    /// <summary>Tells of a plan, and fails who can't be planned for.</summary>
    private void Announce(StepPlan plan)
    {
        VerifyPlan();
        Publish(plan);
        if (scheduler.Unservable is { } unservable) Fail(unservable, "there are too few free blocks for this request, although nothing else runs");
    }

    private void PublishQueues()
    {
        metrics.RequestsRunning.Set(scheduler.Running);
        metrics.WaitingForCapacity.Set(scheduler.Waiting + _held.Count);
        metrics.KvCacheUsage.Set(scheduler.KvCacheUsage);
        metrics.RequestsSwapped.Set(scheduler.Swapped);
    }

    private void Publish(StepPlan plan)
    {
        PublishQueues();
        if (plan.IsEmpty) return;

        metrics.CopiedBlocks.Add(plan.Copies.Count);
        metrics.IterationTokens.Observe(plan.Batch.Tokens);
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled)
        {
            SequenceGroup group = tokens.Sequence.Group;
            RequestOutlet outlet = group.Outlet;
            if (outlet.ScheduledAt == 0)
            {
                outlet.ScheduledAt = Stopwatch.GetTimestamp();
                outlet.Tell(new(RequestStage.Admitted, outlet.ScheduledAt) { Tokens = group.CachedTokens });
            }

            if (outlet.IsObserved && !tokens.AreDecoded) outlet.Tell(new(RequestStage.PrefillChunk, Stopwatch.GetTimestamp()) { Start = tokens.Start, Tokens = tokens.Count });
        }
    }

    [Conditional("DEBUG")]
    private void VerifyPlan() => scheduler.VerifyPlan();

    [Conditional("DEBUG")]
    private void VerifyScheduler() => scheduler.Verify();
}
