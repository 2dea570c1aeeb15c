namespace Folio.Engine.Tests;

/// <summary>The lowest number first: into the batch, to the budget, back from preemption; the youngest of the highest number goes.</summary>
public sealed class PriorityTests
{
    private static readonly SchedulerSettings ByPriority = new() { Policy = SchedulingPolicy.Priority, GrowthTokens = 0, ResumeTokens = 0 };

    [Fact]
    public void Newcomers_are_admitted_by_number_and_equals_by_arrival()
    {
        var engine = new StubEngine(sequences: 1, settings: ByPriority);
        SequenceGroup[] groups = [.. new[] { 2, 0, 1, 0, 2, -5 }.Select(priority => Submit(engine, 3, 2, priority))];
        engine.RunToEnd();
        Assert.Equal(new[] { 5, 1, 3, 2, 0, 4 }.Select(i => groups[i]), engine.Ended);
    }

    [Fact]
    public void The_budget_goes_to_the_lower_number_first()
    {
        var engine = new StubEngine(budget: 8, settings: ByPriority);
        SequenceGroup late = Submit(engine, prompt: 60, maxTokens: 2, priority: 1);
        engine.Run(1);
        SequenceGroup urgent = Submit(engine, prompt: 30, maxTokens: 2, priority: 0);
        engine.Run(1);
        int lateBefore = late.Leader.Computed, urgentBefore = urgent.Leader.Computed;
        engine.Run(2);
        Assert.True(urgent.Leader.Computed - urgentBefore >= late.Leader.Computed - lateBefore, "the less urgent prompt got more of the budget");
        while (late.State != GroupState.Finished) engine.Run(1);
        Assert.Equal([urgent, late], engine.Ended);
    }

    [Fact]
    public void The_youngest_of_the_highest_number_is_preempted()
    {
        var engine = new StubEngine(blocks: 16, settings: ByPriority);
        SequenceGroup[] groups = [.. new[] { 5, 0, 5, 1 }.Select(priority => Submit(engine, 15, 20, priority))];
        while (engine.Scheduler.Preemptions == 0) engine.Run(1);
        Assert.Equal([0, 0, 1, 0], groups.Select(group => group.Preemptions));
        while (engine.Scheduler.Preemptions == 1) engine.Run(1);
        Assert.Equal([1, 0, 1, 0], groups.Select(group => group.Preemptions));
        engine.RunToEnd();
        Assert.Equal(0, groups[1].Preemptions);
    }

    [Fact]
    public void The_preempted_come_back_by_number()
    {
        var engine = new StubEngine(blocks: 16, settings: ByPriority);
        SequenceGroup[] groups = [.. new[] { 5, 0, 4, 1 }.Select(priority => Submit(engine, 15, 20, priority))];
        while (groups[0].Preemptions == 0 || groups[2].Preemptions == 0) engine.Run(1);
        engine.RunToEnd();
        Assert.Equal(new[] { 1, 3, 2, 0 }.Select(i => groups[i]), engine.Ended);
    }

    [Fact]
    public void A_newcomer_of_a_better_number_goes_before_a_preempted_one_of_a_worse()
    {
        var engine = new StubEngine(blocks: 12, settings: ByPriority);
        SequenceGroup first = Submit(engine, 15, 20, priority: 0), preempted = Submit(engine, 15, 20, priority: 7);
        while (preempted.Preemptions == 0) engine.Run(1);
        SequenceGroup better = Submit(engine, 3, 6, priority: 3), worse = Submit(engine, 3, 6, priority: 9);
        engine.Run(1);
        Assert.Equal((GroupState.Running, GroupState.Preempted, GroupState.Waiting), (better.State, preempted.State, worse.State));
        while (preempted.State == GroupState.Preempted)
        {
            Assert.Equal(GroupState.Waiting, worse.State);
            engine.Run(1);
        }

        engine.RunToEnd();
        Assert.Equal(0, first.Preemptions);
    }

    private static SequenceGroup Submit(StubEngine engine, int prompt, int maxTokens, int priority) => engine.Submit(Given.Request(prompt, maxTokens) with { Priority = priority });
}
