using System.Diagnostics;

namespace Folio.Engine;

/// <summary>What comes of a step once its tokens are drawn.</summary>
internal sealed partial class EngineLoop
{
    private void Commit(StepPlan plan)
    {
        _phase = StepPhase.Committing;
        FailSampled(plan);
        scheduler.Commit();                      // index full blocks, fork where a prompt is complete
        CompletePins(plan);
        CompleteEmbeddings(plan);
        foreach (ref readonly PlannedSample sample in plan.Samples) Accept(sample);
        VerifyScheduler();
    }

    private static void CompletePins(StepPlan plan)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled)
        {
            if (tokens.Sequence.Group.State == GroupState.Pinned) tokens.Sequence.Group.Outlet.Complete();
        }
    }

    /// <summary>One drawn token: appended, or put into the place that was kept for it, checked for the end, sent on its way; and with it what can't but follow.</summary>
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
        if (sequence.IsPending) sequence.Resolve(token);
        else sequence.Append(token, isForced);
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
}
