namespace Folio.Engine.Tests;

/// <summary>Groups that leave for a swap tier and come back (S5).</summary>
public sealed class SwappedGroupTests(ITestOutputHelper output)
{
    [Fact]
    public void Samples_share_their_blocks_as_before_when_they_are_back()
    {
        var engine = new StubEngine(blocks: 20, settings: Swap(host: 100));
        SequenceGroup old = engine.Submit(prompt: 14, maxTokens: 20), samples = engine.Submit(prompt: 18, maxTokens: 14, n: 4);
        Assert.Equal(Undisturbed(samples), AwayAndBack(engine, samples));
        Assert.Equal(0, old.Preemptions);
    }

    [Fact]
    public void Beams_share_their_blocks_as_before_when_they_are_back()
    {
        var engine = new StubEngine(blocks: 28, settings: Swap(host: 100));
        for (int i = 0; i < 3; i++) engine.Submit(prompt: 14, maxTokens: 20);
        GenerationRequest search = Given.Request(prompt: 18, maxTokens: 20, n: 4);
        SequenceGroup beams = engine.Submit(search with { Sampling = search.Sampling with { UseBeamSearch = true } });
        Assert.Equal(Undisturbed(beams), AwayAndBack(engine, beams));
    }

    [Fact]
    public void Host_is_filled_first_then_disk_and_then_they_are_computed_again()
    {
        var engine = new StubEngine(blocks: 24, sequences: 32, settings: Swap(host: 8, disk: 8));
        for (int i = 0; i < 12; i++) engine.Submit(prompt: 15, maxTokens: 30, n: 1 + i % 2);
        engine.RunToEnd();
        Assert.All(["host", "disk", "recompute"], mode => Assert.True(Seen.Preemptions(engine.Metrics, mode) > 0, $"nobody by {mode}"));
        Assert.Equal(12, engine.Ended.Count);
    }

    [Fact]
    public void A_group_larger_than_the_swap_space_is_computed_again()
    {
        var engine = new StubEngine(blocks: 20, settings: Swap(host: 2));
        engine.Submit(prompt: 14, maxTokens: 20);
        SequenceGroup samples = engine.Submit(prompt: 18, maxTokens: 14, n: 4);
        engine.RunToEnd();
        Assert.True(samples.Preempted.Recomputed > 0);
        Assert.Equal(0, samples.Preempted.SwappedToHost + engine.Model.SwappedBlocks);
    }

    [Fact]
    public void Whoever_is_swapped_out_comes_back_before_newcomers_and_computes_nothing_again()
    {
        var engine = new StubEngine(blocks: 12, settings: Swap(host: 100));
        SequenceGroup old = engine.Submit(prompt: 15, maxTokens: 20), young = engine.Submit(prompt: 15, maxTokens: 16);
        while (young.Preemptions == 0) engine.Run(1);
        SequenceGroup newcomer = engine.Submit(prompt: 1, maxTokens: 2);
        while (young.State == GroupState.Preempted)
        {
            engine.Run(1);
            if (young.State == GroupState.Preempted) Assert.Equal((GroupState.Waiting, SwapTier.Host), (newcomer.State, young.Tier!.Value));
        }

        engine.RunToEnd();
        Assert.Equal(15 + 19 + 15 + 15 + 1 + 1, engine.Model.Tokens);
        Assert.Equal(0, old.Preemptions);
    }

    [Theory]
    [InlineData(PreemptionMode.Recompute)]
    [InlineData(PreemptionMode.Swap)]
    public void Whoever_comes_back_runs_a_useful_while(PreemptionMode mode)
    {
        var settings = new SchedulerSettings { Preemption = mode, HostBlocks = 400 }; // growth as it is by default
        var engine = new StubEngine(blocks: 40, sequences: 32, settings: settings);
        SequenceGroup[] groups = [.. Enumerable.Range(0, 14).Select(_ => engine.Submit(prompt: 12, maxTokens: 100))];
        var resumedAt = new Dictionary<SequenceGroup, (int Step, int Preemptions)>();
        List<int> runs = [];
        for (int step = 0; engine.Step(); step++)
        {
            foreach (SequenceGroup group in groups)
            {
                bool runs1 = group.State == GroupState.Running;
                if (runs1 && group.Preemptions > 0) resumedAt.TryAdd(group, (step, group.Preemptions));
                if (runs1 || !resumedAt.Remove(group, out var since)) continue;
                if (group.Preemptions > since.Preemptions) runs.Add(step - since.Step);
            }
        }

        output.WriteLine($"{mode}: {engine.Scheduler.Preemptions} preemptions; steps between return and the next one: {string.Join(" ", runs)}");
        Assert.True(engine.Scheduler.Preemptions > 0);
        Assert.All(runs, steps => Assert.True(steps >= settings.ResumeTokens / 2, $"only {steps} steps"));
    }

    /// <summary>Blocks that the group holds at each length, alone in a pool with room.</summary>
    private static string Undisturbed(SequenceGroup group)
    {
        var engine = new StubEngine();
        SequenceGroup alone = engine.Submit(new GenerationRequest { Prompt = group.Sequences[0].Tokens(0, group.PromptLength).ToArray(), Sampling = group.Sampling });
        return Holdings(engine, alone);
    }

    private static string AwayAndBack(StubEngine engine, SequenceGroup group)
    {
        string holdings = Holdings(engine, group);
        Assert.True(group.Preempted.SwappedToHost > 0, "it was never swapped out");
        Assert.Equal(0, group.Preempted.Recomputed);
        engine.RunToEnd();
        return holdings;
    }

    /// <summary>(tokens, blocks) after each of the group's steps.</summary>
    private static string Holdings(StubEngine engine, SequenceGroup group)
    {
        var holdings = new SortedDictionary<int, int>();
        while (engine.Step())
        {
            if (group.State == GroupState.Running && group.Forked && group.OutputLength(0) > 1) holdings[group.OutputLength(0)] = group.UniqueBlocks();
        }

        return string.Join(" ", holdings.Select(holding => $"{holding.Key}:{holding.Value}"));
    }

    private static SchedulerSettings Swap(int host, int disk = 0) => new() { Preemption = PreemptionMode.Swap, HostBlocks = host, DiskBlocks = disk, GrowthTokens = 0, ResumeTokens = 0 };
}
