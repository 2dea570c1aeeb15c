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

        _phase = StepPhase.Scheduling;
        long preemptions = scheduler.Preemptions;
        StepPlan plan = scheduler.Schedule();    // who runs, how many tokens each, which blocks
        VerifyPlan();
        Publish(plan);
        if (scheduler.Unservable is { } unservable) Fail(unservable, "there are too few free blocks for this request, although nothing else runs");

        _phase = StepPhase.MovingBlocks;
        if (!TrySwap(plan)) return true;         // before anything else touches a block
        if (plan.IsEmpty) return scheduler.Unservable is not null || scheduler.Preemptions > preemptions;

        Run(plan);
        Volatile.Write(ref _steps, _steps + 1);
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
        catch (Exception error) // whatever the backend throws fails this step's requests, and no others
        {
            scheduler.Discard();
            Fail(plan, error);
            return;
        }

        _phase = StepPhase.Committing;
        FailSampled(plan);
        scheduler.Commit();                      // index full blocks, fork where a prompt is complete
        CompletePins(plan);
        CompleteEmbeddings(plan);
        foreach (ref readonly PlannedSample sample in plan.Samples) Accept(sample);
        VerifyScheduler();
    }

    /// <summary>Moves blocks out or back. Where that fails, those whose blocks they are lose them and are computed again.</summary>
    /// <returns>False when blocks didn't come back: the plan counted on them.</returns>
    private bool TrySwap(StepPlan plan)
    {
        try
        {
            Swap(plan);
            return true;
        }
        catch (Exception error)
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
            costs.Moved(tier, outs.Count + ins.Count, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    private void Execute(StepBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        runner.Execute(batch);
        costs.Computed(batch.Sequences, batch.Tokens - batch.Sequences, Stopwatch.GetElapsedTime(start).TotalSeconds);
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

    /// <summary>One drawn token: appended, checked for the end, sent on its way; and with it what can't but follow.</summary>
    private void Accept(in PlannedSample sample)
    {
        Sequence sequence = sample.Sequence;
        SequenceGroup group = sequence.Group;
        if (sequence.Finished) return; // its group has failed with a sibling's token
        if (group.Beams is not null)
        {
            AcceptBeams(group, group.Beams);
            return;
        }

        if (sample.Token < 0)
        {
            Fail(group, NothingToChoose(group));
            return;
        }

        if (!Append(sequence, sample.Token, sample.Logprobs) || !group.JumpsAhead) return;
        foreach (int forced in sequence.Grammar!.Forced())
        {
            if (!Append(sequence, forced, logprobs: null, isForced: true)) return;
        }
    }

    /// <returns>Whether the sequence goes on.</returns>
    private bool Append(Sequence sequence, int token, PositionLogprobs? logprobs, bool isForced = false)
    {
        SequenceGroup group = sequence.Group;
        sequence.Append(token, isForced);
        (FinishReason? reason, int? stopId) = End(sequence, token);
        group.Outlet.Write(new(sequence.Index, token, logprobs, reason, stopId, Stopwatch.GetTimestamp()));
        if (reason is null) return true;

        scheduler.Finish(sequence);
        if (group.Alive == 0) End(group);
        return false;
    }

    /// <summary>A group's beams take their step all at once, with the first of their rows; the answer is sent when the search is over.</summary>
    private void AcceptBeams(SequenceGroup group, BeamSearch beams)
    {
        if (!beams.Over)
        {
            if (beams.Decided) beams.Advance();
            return;
        }

        if (beams.Failure is null) beams.Answer(group.Outlet);
        scheduler.Finish(group);
        End(group, beams.Failure);
    }

    /// <summary>Whether the sequence ends with this token; an end token comes before a stop id, both before the end of the grammar, and that before the length.</summary>
    private static (FinishReason? Reason, int? StopId) End(Sequence sequence, int token)
    {
        SequenceGroup group = sequence.Group;
        if (sequence.OutputLength >= group.Sampling.MinTokens)
        {
            if (group.EndIds.Contains(token)) return (FinishReason.Stop, null);
            if (group.StopIds.Contains(token)) return (FinishReason.Stop, token);
        }

        if (sequence.Grammar is { IsFinal: true }) return (FinishReason.Stop, null); // nothing but an end token could follow
        return (sequence.Length >= group.MaxLength ? FinishReason.Length : null, null);
    }

    private void End(SequenceGroup group, FolioException? failure = null)
    {
        group.Outlet.Complete(failure);
        GroupEnded?.Invoke(group);
    }

    private static void CompletePins(StepPlan plan)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled)
        {
            if (tokens.Sequence.Group.State == GroupState.Pinned) tokens.Sequence.Group.Outlet.Complete();
        }
    }

    private void Abort(SequenceGroup group)
    {
        if (group.State is GroupState.Finished or GroupState.Pinned) return; // who pins let go of it otherwise
        foreach (Sequence sequence in group.Sequences)
        {
            if (!sequence.Finished) group.Outlet.Write(new(sequence.Index, -1, null, FinishReason.Abort, null, Stopwatch.GetTimestamp()));
        }

        scheduler.Finish(group);
        End(group);
    }

    private void Fail(SequenceGroup group, string reason, Exception? cause = null) => Fail(group, new RequestFailedException(reason, cause));

    /// <summary>Why no id is left: the model's fault, unless the request excludes ids itself.</summary>
    private static FolioException NothingToChoose(SequenceGroup group) => group.Grammar is null && group.Processors is null
        ? new RequestFailedException("no token can be chosen: the model's logits are not numbers")
        : new RequestException("no token can be chosen: what this request asks for (its grammar, allowed_token_ids, bad_words, logit_bias, min_tokens) excludes every id, taken together, or the model's logits are not numbers.");

    private void Fail(SequenceGroup group, FolioException failure)
    {
        if (group.State == GroupState.Finished) return;
        scheduler.Finish(group);
        End(group, failure);
    }

    private void Fail(StepPlan plan, Exception error)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled) Fail(tokens.Sequence.Group, Sentence("the model failed in a step that this request took part in", error), error);
    }

    /// <summary>What was raised on purpose is told; anything else may speak of addresses and paths, and is the log's.</summary>
    private static string Sentence(string what, Exception error) => error is FolioException ? $"{what}: {error.Message}" : $"{what}.";

    /// <summary>Ends the groups whose own part of the sampling failed.</summary>
    private void FailSampled(StepPlan plan)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled)
        {
            SequenceGroup group = tokens.Sequence.Group;
            if (group.SamplingFailure is { } error) Fail(group, Sentence("choosing this request's tokens failed", error), error);
        }
    }

    /// <summary>Ends a group when the loop has stopped: aborted, or failed where a defect stopped it.</summary>
    private void EndUnserved(SequenceGroup group)
    {
        if (group.State == GroupState.Finished) return;
        group.State = GroupState.Finished;
        foreach (Sequence sequence in group.Sequences)
        {
            if (_failure is null && !sequence.Finished) group.Outlet.Write(new(sequence.Index, -1, null, FinishReason.Abort, null, Stopwatch.GetTimestamp()));
            sequence.Finished = true;
        }

        End(group, WhyStopped);
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
