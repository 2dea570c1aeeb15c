namespace Folio.Engine.Tests;

/// <summary>Random arrivals, cancellations, stops and resets over small pools, in both forms of the loop: invariants after every step, and each answer as if the request had been alone.</summary>
public sealed class RandomBlastTests(ITestOutputHelper output)
{
    private const int Steps = 1500; // twenty-one times: 31,500

    [Theory]
    [InlineData(SchedulingPolicy.Fcfs, PreemptionMode.Recompute, 24, 4, 16, 6, 0, 0)]
    [InlineData(SchedulingPolicy.Fcfs, PreemptionMode.Swap, 24, 4, 16, 6, 100, 0)]
    [InlineData(SchedulingPolicy.Fcfs, PreemptionMode.Auto, 40, 3, 7, 12, 8, 30)]
    [InlineData(SchedulingPolicy.Priority, PreemptionMode.Recompute, 60, 1, 9, 8, 0, 0)]
    [InlineData(SchedulingPolicy.Priority, PreemptionMode.Auto, 24, 4, 16, 6, 10, 10)]
    [InlineData(SchedulingPolicy.Fair, PreemptionMode.Swap, 40, 3, 12, 12, 10, 100)]
    [InlineData(SchedulingPolicy.Fcfs, PreemptionMode.Swap, 36, 2, 4, 16, 100, 0)]
    public void A_storm_over_a_small_pool_changes_no_answer(
        SchedulingPolicy policy, PreemptionMode mode, int blocks, int blockSize, int budget, int sequences, int hostBlocks, int diskBlocks)
    {
        SchedulerSettings settings = new() { Policy = policy, Preemption = mode, HostBlocks = hostBlocks, DiskBlocks = diskBlocks, GrowthTokens = 0, ResumeTokens = 0 };
        Storm(prefixCaching: true, overlapped: false);
        Storm(prefixCaching: true, overlapped: true);
        settings = settings with { ResumeTokens = 4, MaxPrefillStall = TimeSpan.FromMilliseconds(1) };
        Storm(prefixCaching: false, overlapped: false);

        void Storm(bool prefixCaching, bool overlapped)
        {
            int seed = Environment.TickCount;
            try
            {
                Blast(seed, new StubEngine(blocks, blockSize, budget, sequences, maxModelLen: blocks * blockSize, prefixCaching, settings, overlapped: overlapped));
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"seed {seed}, prefix cache {(prefixCaching ? "on" : "off")}{(overlapped ? ", overlapped" : "")}: {error.Message}", error);
            }
        }
    }

    private void Blast(int seed, StubEngine engine)
    {
        int blocks = engine.Pool.Blocks, room = blocks * engine.Pool.BlockSize;
        var random = new Random(seed);
        List<(GenerationRequest Request, SequenceGroup Group)> all = [];
        HashSet<SequenceGroup> disturbed = [];
        List<SequenceGroup> pins = [];
        for (int step = 0; step < Steps; step++)
        {
            if (random.Next(2) == 0 && engine.Scheduler.Waiting < 6)
            {
                GenerationRequest request = Given.MixedRequest(random, vocabulary: 40, longestPrompt: room / 4, mostTokens: room / 4, mostSequences: 4);
                if (engine.Late is not null && step / 100 % 2 == 0) request = Given.WithoutHost(request); // where the host has a part in a step, it isn't overlapped
                int most = request.Prompt.Length + request.Sampling.MaxTokens!.Value;
                if (SequenceGroup.BlocksAtMost(request.Prompt.Length, most, request.Sampling.Width, engine.Pool) <= blocks - engine.Scheduler.PinnedBlocks) all.Add((request, engine.Submit(request)));
            }

            if (random.Next(40) == 0 && all.Count > 0)
            {
                SequenceGroup group = Recent();
                if (group.State != GroupState.Finished) disturbed.Add(group);
                engine.Cancel(group);
            }

            if (random.Next(40) == 0 && all.Count > 0)
            {
                SequenceGroup group = Recent();
                int index = random.Next(group.Sequences.Length);
                if (group.Beams is null && !group.Sequences[index].Finished && group.Sequences[index].OutputLength > 0)
                {
                    disturbed.Add(group);
                    engine.StopSequence(group, index);
                }
            }

            if (random.Next(200) == 0) engine.Scheduler.ResetPrefixCache();
            if (random.Next(50) == 0) engine.Model.SwapFailure = new IOException("the disk is full");
            if (random.Next(100) == 0) Pin(random.Next(4));
            engine.Step();
        }

        engine.Model.SwapFailure = null;
        foreach (SequenceGroup pin in pins) engine.Scheduler.Finish(pin);
        engine.RunToEnd();
        int hits = all.Sum(one => one.Group.CachedTokens);
        output.WriteLine($"seed {seed}: {all.Count} requests, {disturbed.Count} disturbed, {engine.Scheduler.Preemptions} preemptions, {engine.Model.SwappedBlocks} blocks swapped, {hits} tokens cached, {engine.Model.CopiedBlocks} copies, {engine.Model.Steps} steps, {engine.Late?.Overlapped} overlapped, {engine.Late?.Placeholders} tokens expected");
        Assert.True(engine.Scheduler.Preemptions > 3, "too few preemptions");
        Assert.True(engine.Model.CopiedBlocks > 0 || engine.Pool.BlockSize == 1, "nothing was copied");
        Assert.Equal(engine.Pool.Prefixes is not null, hits > 0);
        Assert.All(all, one => Assert.InRange(one.Group.CachedTokens, 0, one.Group.PromptLength - 1)); // the last is always computed
        Assert.True(engine.Late is null || engine.Late.Overlapped > Steps / 10, "too few steps were overlapped");
        foreach ((GenerationRequest request, SequenceGroup group) in all.Where(one => !disturbed.Contains(one.Group)))
        {
            if (group.Outlet.Events.Completion.Exception?.InnerException is { } refusal)
            {
                Assert.Contains("pinned meanwhile", refusal.Message);
                continue;
            }

            var alone = new StubEngine(1000, blockSize: 4, budget: 512, maxModelLen: room, prefixCaching: false);
            SequenceGroup reference = alone.Submit(request);
            alone.RunToEnd();
            string expected = StubEngine.Answer(reference), answer = StubEngine.Answer(group);
            Assert.True(expected == answer, $"expected {expected}, got {answer}");
        }

        // a beginning that requests share, kept for a while
        void Pin(int beginning)
        {
            if (engine.Pool.Prefixes is null) return;
            if (pins.Count > 0)
            {
                engine.Scheduler.Finish(pins[0]);
                pins.RemoveAt(0);
                return;
            }

            var tokens = new Random(beginning);
            int[] prefix = [.. Enumerable.Range(0, 2 * engine.Pool.BlockSize).Select(_ => tokens.Next(1, 40))];
            SequenceGroup group = engine.NewPin(prefix, random.Next(2) == 0 ? null : "salted");
            if (engine.Scheduler.MayPin(group) && engine.Scheduler.Add(group)) pins.Add(group);
        }

        SequenceGroup Recent() => all[^random.Next(1, Math.Min(all.Count, 8) + 1)].Group;
    }
}
