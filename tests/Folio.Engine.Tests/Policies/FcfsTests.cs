namespace Folio.Engine.Tests;

/// <summary>First come, first served (S7).</summary>
public sealed class FcfsTests
{
    [Fact]
    public void First_tokens_come_in_the_order_of_arrival_whatever_the_size()
    {
        var engine = new StubEngine(blocks: 30, budget: 8);
        SequenceGroup[] groups = [.. new[] { 30, 3, 25, 1, 40, 2 }.Select(prompt => engine.Submit(prompt, maxTokens: 40))];
        List<SequenceGroup> admitted = [];
        while (engine.Step())
        {
            foreach (SequenceGroup group in groups)
            {
                if (group.State == GroupState.Running && !admitted.Contains(group)) admitted.Add(group);
            }
        }

        Assert.Equal(groups, admitted);
    }

    [Fact]
    public void A_preempted_group_comes_back_before_newcomers_that_would_fit()
    {
        var engine = new StubEngine(blocks: 12);
        SequenceGroup old = engine.Submit(prompt: 15, maxTokens: 20), young = engine.Submit(prompt: 15, maxTokens: 16);
        while (young.Preemptions == 0) engine.Run(1);
        SequenceGroup newcomer = engine.Submit(prompt: 1, maxTokens: 2);
        while (young.State == GroupState.Preempted)
        {
            engine.Run(1);
            if (young.State == GroupState.Preempted) Assert.Equal(GroupState.Waiting, newcomer.State);
        }

        engine.RunToEnd();
        Assert.Equal(0, old.Preemptions);
    }

    [Fact]
    public void Among_the_preempted_the_earliest_comes_back_first()
    {
        var engine = new StubEngine(blocks: 16);
        SequenceGroup[] groups = [.. Enumerable.Range(0, 4).Select(_ => engine.Submit(prompt: 15, maxTokens: 30))];
        List<SequenceGroup> back = [];
        var before = groups.ToDictionary(group => group, group => group.State);
        while (engine.Step())
        {
            foreach (SequenceGroup group in groups)
            {
                if (before[group] == GroupState.Preempted && group.State != GroupState.Preempted) back.Add(group);
                before[group] = group.State;
            }

            SequenceGroup[] away = [.. groups.Where(group => group.State == GroupState.Preempted)];
            if (away.Length > 0) Assert.All(groups.Where(group => group.State == GroupState.Running), group => Assert.True(group.Arrival < away[0].Arrival));
        }

        Assert.True(back.Count >= 2);
        Assert.Equal(groups, engine.Ended);
    }
}
