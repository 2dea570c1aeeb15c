namespace Folio.Engine.Tests;

/// <summary>Steps and swaps that fail at random, and prefixes that are pinned and let go of, over a small pool: who isn't in a failed step gets the answer that it would get alone.</summary>
public sealed class RandomFailuresTests(ITestOutputHelper output)
{
    private const int Steps = 1200, Blocks = 40, BlockSize = 3, PinnedBlocks = 4;

    [Theory]
    [InlineData(SchedulingPolicy.Fcfs, PreemptionMode.Recompute, false)]
    [InlineData(SchedulingPolicy.Priority, PreemptionMode.Swap, false)]
    [InlineData(SchedulingPolicy.Fair, PreemptionMode.Auto, false)]
    [InlineData(SchedulingPolicy.Fcfs, PreemptionMode.Recompute, true)]
    [InlineData(SchedulingPolicy.Priority, PreemptionMode.Swap, true)]
    public void Failures_spoil_no_cache_and_leak_nothing(SchedulingPolicy policy, PreemptionMode mode, bool overlapped)
    {
        int seed = Environment.TickCount;
        try
        {
            Storm(seed, overlapped, new() { Policy = policy, Preemption = mode, HostBlocks = 12, DiskBlocks = 30, GrowthTokens = 0, ResumeTokens = 0 });
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"seed {seed}: {error.Message}", error);
        }
    }

    private void Storm(int seed, bool overlapped, SchedulerSettings settings)
    {
        var random = new Random(seed);
        var engine = new StubEngine(Blocks, BlockSize, budget: 11, sequences: 8, maxModelLen: Blocks * BlockSize, settings: settings, overlapped: overlapped);
        int failures = 0, swapFailures = 0;
        engine.Model.BeforeStep += _ => FailAtTimes();
        if (engine.Late is not null) engine.Launching += _ => FailAtTimes();

        List<(GenerationRequest Request, SequenceGroup Group)> all = [];
        SequenceGroup? pin = null;
        for (int step = 0; step < Steps; step++)
        {
            if (engine.Scheduler.Waiting < 6 || all.Count == 0)
            {
                GenerationRequest request = Given.MixedRequest(random, vocabulary: 40, longestPrompt: 30, mostTokens: 20, mostSequences: 3);
                if (overlapped && step / 100 % 2 == 0) request = Given.WithoutHost(request);
                int most = request.Prompt.Length + request.Sampling.MaxTokens!.Value;
                if (SequenceGroup.BlocksAtMost(request.Prompt.Length, most, request.Sampling.Width, engine.Pool) <= Blocks - PinnedBlocks) all.Add((request, engine.Submit(request)));
            }

            if (random.Next(30) == 0 && all[^1].Request.Prompt.Length >= BlockSize)
            {
                if (pin is not null) engine.Unpin(pin);
                pin = engine.Pin([.. all[^1].Request.Prompt.Span[..(Math.Min(all[^1].Request.Prompt.Length, PinnedBlocks * BlockSize) / BlockSize * BlockSize)]]);
            }

            if (engine.Model.SwapFailure is null && random.Next(20) == 0) engine.Model.SwapFailure = new FolioException("a random failure");
            bool armed = engine.Model.SwapFailure is not null;
            engine.Step();
            if (armed && engine.Model.SwapFailure is null) swapFailures++;
        }

        if (pin is not null) engine.Unpin(pin);
        engine.RunToEnd();
        Assert.Equal(0, engine.Scheduler.PinnedBlocks);
        Assert.Equal(0, engine.Scheduler.Swapped);

        int failed = 0;
        foreach ((GenerationRequest request, SequenceGroup group) in all)
        {
            string answer = StubEngine.Answer(group);
            if (group.Failure() is RequestFailedException)
            {
                failed++;
                continue;
            }

            var alone = new StubEngine(1000, blockSize: 4, budget: 512, maxModelLen: Blocks * BlockSize, prefixCaching: false);
            SequenceGroup reference = alone.Submit(request);
            alone.RunToEnd();
            Assert.Equal(StubEngine.Answer(reference), answer);
        }

        output.WriteLine($"seed {seed}: {all.Count} requests, {failed} failed in {failures} steps and {swapFailures} swaps, {engine.Scheduler.Preemptions} preemptions, {all.Sum(one => one.Group.CachedTokens)} tokens cached");
        Assert.True(failures > 10 && failed < all.Count && engine.Scheduler.Preemptions > 10);
        if (settings.Preemption != PreemptionMode.Recompute) Assert.True(swapFailures > 0, "no swap failed");

        void FailAtTimes()
        {
            if (random.Next(overlapped ? 50 : 25) > 0) return;
            failures++;
            throw new FolioException("a random failure");
        }
    }
}
