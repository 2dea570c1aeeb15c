namespace Folio.Engine.Tests;

/// <summary>Random arrivals, cancellations and stops over small pools: invariants after every step, and each answer as if the request had been alone.</summary>
public sealed class RandomBlastTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(24, 4, 16, 6)]
    [InlineData(40, 3, 7, 12)]
    [InlineData(60, 16, 64, 16)]
    [InlineData(60, 1, 9, 8)]
    public void A_storm_over_a_small_pool_changes_no_answer(int blocks, int blockSize, int budget, int sequences)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var engine = new StubEngine(blocks, blockSize, budget, sequences, maxModelLen: blocks * blockSize);
        List<(GenerationRequest Request, SequenceGroup Group)> all = [];
        HashSet<SequenceGroup> disturbed = [];
        int steps = 0;
        while (steps < 1500)
        {
            if (random.Next(2) == 0 && engine.Scheduler.Waiting < 6)
            {
                GenerationRequest request = Given.RandomRequest(random, vocabulary: 40, longestPrompt: blocks * blockSize / 4, mostTokens: blocks * blockSize / 4, mostSequences: 4);
                int most = request.Prompt.Length + request.Sampling.MaxTokens!.Value;
                if (SequenceGroup.BlocksAtMost(request.Prompt.Length, most, request.Sampling.N, engine.Pool) <= blocks) all.Add((request, engine.Submit(request)));
            }

            if (random.Next(40) == 0 && all.Count > 0)
            {
                SequenceGroup group = all[^random.Next(1, Math.Min(all.Count, 8) + 1)].Group;
                if (group.State != GroupState.Finished) disturbed.Add(group);
                engine.Cancel(group);
            }

            if (random.Next(40) == 0 && all.Count > 0)
            {
                SequenceGroup group = all[^random.Next(1, Math.Min(all.Count, 8) + 1)].Group;
                int index = random.Next(group.Sequences.Length);
                if (!group.Sequences[index].Finished && group.Sequences[index].OutputLength > 0)
                {
                    disturbed.Add(group);
                    engine.StopSequence(group, index);
                }
            }

            engine.Step();
            steps++;
        }

        engine.RunToEnd();
        output.WriteLine($"{all.Count} requests, {disturbed.Count} disturbed, {engine.Scheduler.Preemptions} preemptions, {engine.Model.CopiedBlocks} copies, {engine.Model.Steps} steps");
        Assert.True(engine.Scheduler.Preemptions > 10);
        Assert.True(engine.Model.CopiedBlocks > 0 || blockSize == 1);
        foreach ((GenerationRequest request, SequenceGroup group) in all.Where(one => !disturbed.Contains(one.Group)))
        {
            var alone = new StubEngine(1000, blockSize: 4, budget: 512, maxModelLen: blocks * blockSize);
            SequenceGroup reference = alone.Submit(request);
            alone.RunToEnd();
            string expected = StubEngine.Answer(reference), answer = StubEngine.Answer(group);
            Assert.True(expected == answer, $"seed {seed}: expected {expected}, got {answer}");
        }
    }
}
