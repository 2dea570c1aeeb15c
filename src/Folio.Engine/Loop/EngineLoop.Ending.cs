using System.Diagnostics;

namespace Folio.Engine;

/// <summary>The ways in which a request ends before its answer does.</summary>
internal sealed partial class EngineLoop
{
    private void End(SequenceGroup group, FolioException? failure = null)
    {
        group.Outlet.Complete(failure);
        GroupEnded?.Invoke(group);
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
}
