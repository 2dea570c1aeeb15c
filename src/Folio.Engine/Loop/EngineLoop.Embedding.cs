namespace Folio.Engine;

/// <summary>Groups that want their prompt's embedding: they take part in steps as every prompt does, and end with it.</summary>
internal sealed partial class EngineLoop
{
    private void Pool(StepPlan plan)
    {
        for (int i = 0; i < plan.Scheduled.Length; i++)
        {
            ref readonly ScheduledTokens tokens = ref plan.Scheduled[i];
            tokens.Sequence.Group.Pooling?.Take(tokens.Start, tokens.Count, plan.Batch.QueryStarts[i], runner);
        }
    }

    private void CompleteEmbeddings(StepPlan plan)
    {
        foreach (ref readonly ScheduledTokens tokens in plan.Scheduled)
        {
            SequenceGroup group = tokens.Sequence.Group;
            if (group.Pooling is not { IsComplete: true } pooling || group.State == GroupState.Finished) continue;
            scheduler.Finish(group);
            End(group, pooling.IsFinite ? null : new RequestFailedException("no embedding can be made: the model's states are not numbers"));
        }
    }
}
