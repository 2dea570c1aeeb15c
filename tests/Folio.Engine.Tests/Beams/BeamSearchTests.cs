namespace Folio.Engine.Tests;

/// <summary>Beams inside the engine over the stub model, beside a search by the definition on the same logits.</summary>
public sealed class BeamSearchTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 1000, 4, 64, 0)]
    [InlineData(2, 26, 3, 20, 0)]
    [InlineData(3, 22, 4, 18, 12)]
    [InlineData(4, 50, 1, 12, 50)]
    [InlineData(5, 9, 16, 64, 4)]
    public void Searches_in_any_company_and_over_small_pools_equal_the_definition(int seed, int blocks, int blockSize, int budget, int hostBlocks)
    {
        var random = new Random(seed);
        var settings = new SchedulerSettings { GrowthTokens = 0, ResumeTokens = 0, HostBlocks = hostBlocks, DiskBlocks = hostBlocks, Preemption = hostBlocks > 0 ? PreemptionMode.Swap : PreemptionMode.Recompute };
        var engine = new StubEngine(blocks, blockSize, budget, sequences: 12, maxModelLen: blocks * blockSize, settings: settings);
        List<(GenerationRequest Request, SequenceGroup Group)> all = [];
        while (all.Count < 150)
        {
            GenerationRequest request = random.Next(3) == 0
                ? Given.RandomRequest(random, vocabulary: 40, longestPrompt: 12, mostTokens: 14, mostSequences: 4)
                : RandomSearch(random);
            int most = request.Prompt.Length + request.Sampling.MaxTokens!.Value;
            if (SequenceGroup.BlocksAtMost(request.Prompt.Length, most, request.Sampling.N, engine.Pool) <= blocks) all.Add((request, engine.Submit(request)));
            if (random.Next(2) == 0) engine.Step();
        }

        engine.RunToEnd();
        int preempted = all.Count(one => one.Request.Sampling.UseBeamSearch && one.Group.Preemptions > 0);
        output.WriteLine($"{preempted} searches of {all.Count(one => one.Request.Sampling.UseBeamSearch)} preempted");
        if (blocks < 1000) Assert.True(preempted > 0);
        foreach ((GenerationRequest request, SequenceGroup group) in all.Where(one => one.Request.Sampling.UseBeamSearch)) AssertEqualsReference(engine, request, group);
    }

    [Fact]
    public void N_best_are_distinct_and_their_scores_don_t_increase()
    {
        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(Search(Given.Request(prompt: 7, maxTokens: 20), width: 8));
        engine.RunToEnd();
        List<(int[] Tokens, float Score)> answers = Answers(group);
        Assert.Equal(8, answers.Select(answer => string.Join(" ", answer.Tokens)).Distinct().Count());
        Assert.Equal(answers.OrderByDescending(answer => answer.Score), answers);
    }

    [Fact]
    public void The_prompt_is_computed_once_and_each_token_of_each_beam_once()
    {
        var engine = new StubEngine();
        engine.Submit(Search(Given.Request(prompt: 10, maxTokens: 9), width: 4));
        engine.RunToEnd();
        Assert.Equal(10 + 4 * 8, engine.Model.Tokens);
        Assert.Equal(9, engine.Model.Steps);
    }

    [Fact]
    public void Fewer_live_continuations_than_beams_grow_again()
    {
        // With two ids allowed the first step has two candidates for four beams, the second has four.
        var engine = new StubEngine();
        GenerationRequest request = Search(Given.Request(prompt: 5, maxTokens: 6), width: 4);
        request = request with { Sampling = request.Sampling with { AllowedTokenIds = [3, 17] } };
        SequenceGroup group = engine.Submit(request);
        engine.RunToEnd();
        AssertEqualsReference(engine, request, group);
    }

    [Fact]
    public void Fewer_sequences_than_asked_for_is_this_request_s_failure()
    {
        var engine = new StubEngine();
        GenerationRequest request = Search(Given.Request(prompt: 5, maxTokens: 6), width: 4);
        SequenceGroup group = engine.Submit(request with { Sampling = request.Sampling with { AllowedTokenIds = [3] } }), other = engine.Submit(prompt: 5, maxTokens: 6);
        engine.RunToEnd();
        Assert.Equal("n is 4; only 1 of these sequences can be, with the ids and the length that this request allows.", Failure(group));
        Assert.Equal(6, other.Sequences[0].OutputLength);
    }

    [Fact]
    public void Logits_that_are_not_numbers_fail_the_search_alone()
    {
        var engine = new StubEngine();
        GenerationRequest request = Search(Given.Request(prompt: 6, maxTokens: 10), width: 3);
        engine.Model.Bend = (tokens, row) =>
        {
            if (tokens.Length == 9 && tokens.AsSpan().StartsWith(request.Prompt.Span)) row.AsSpan().Fill(float.NaN);
        };
        SequenceGroup group = engine.Submit(request), other = engine.Submit(prompt: 6, maxTokens: 10);
        engine.RunToEnd();
        Assert.Equal("choosing this request's tokens failed: the model's logits are not numbers", Failure(group));
        Assert.Equal(10, other.Sequences[0].OutputLength);
    }

    [Fact]
    public void Cancelling_a_search_frees_its_blocks_in_whatever_step_it_is()
    {
        for (int steps = 0; steps < 12; steps++)
        {
            var engine = new StubEngine(blocks: 22, budget: 8);
            SequenceGroup group = engine.Submit(Search(Given.Request(prompt: 12, maxTokens: 14), width: 4));
            engine.Run(steps);
            engine.Cancel(group);
            engine.Step();
            Assert.Equal(engine.Pool.Blocks, engine.Pool.Free);
            Assert.Equal(GroupState.Finished, group.State);
        }
    }

    [Fact]
    public void Each_token_s_log_probability_is_reported_and_they_add_up_to_the_score()
    {
        var engine = new StubEngine();
        GenerationRequest request = Search(Given.Request(prompt: 6, maxTokens: 12), width: 4);
        SequenceGroup group = engine.Submit(request with { Sampling = request.Sampling with { Logprobs = 2, LengthPenalty = 0 } });
        engine.RunToEnd();
        List<SequenceEvent> events = Events(group);
        foreach (IGrouping<int, SequenceEvent> beam in events.GroupBy(one => one.Index))
        {
            Assert.All(beam, one => Assert.Equal(one.TokenId, one.Logprobs!.Token.TokenId));
            Assert.All(beam, one => Assert.Equal(2, one.Logprobs!.Top.Count));
            Assert.Equal(beam.Last().Score!.Value, beam.Sum(one => one.Logprobs!.Token.Logprob), 1e-4);
        }
    }

    [Fact]
    public void Penalties_follow_each_beam_s_own_tokens()
    {
        var engine = new StubEngine();
        GenerationRequest request = Search(Given.Request(prompt: 6, maxTokens: 20), width: 5);
        SequenceGroup group = engine.Submit(request with { Sampling = request.Sampling with { FrequencyPenalty = 2, PresencePenalty = 2, LogitBias = new Dictionary<int, float> { [7] = 100 } } });
        while (group.State != GroupState.Finished)
        {
            engine.Run(1);
            foreach (Sequence beam in group.Sequences) Assert.Equal(beam.Output.ToArray().CountBy(id => id).OrderBy(pair => pair.Key), beam.OutputCounts!.OrderBy(pair => pair.Key));
        }
    }

    [Fact]
    public void Steps_of_a_search_touch_no_managed_heap()
    {
        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(Search(Given.Request(prompt: 4, maxTokens: 150), width: 6));
        engine.Run(20);
        BeamSearch beams = group.Beams!;
        float[][] rows = [.. group.Sequences.Select(beam => engine.Model.LogitsAfter([beam.Output[^1]]))];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 50; step++)
        {
            engine.Scheduler.Schedule();
            engine.Scheduler.Commit();
            for (int beam = 0; beam < rows.Length; beam++)
            {
                if (beams.Add(beam, beam, rows[(beam + step) % rows.Length])) beams.Decide(null);
            }

            beams.Advance();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static GenerationRequest Search(GenerationRequest request, int width) => request with { Sampling = request.Sampling with { UseBeamSearch = true, N = width, Temperature = 0 } };

    private static GenerationRequest RandomSearch(Random random)
    {
        int maxTokens = random.Next(1, 15);
        return new()
        {
            Prompt = (int[])[.. Enumerable.Range(1, random.Next(2) * 8), .. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(40))],
            Sampling = new()
            {
                UseBeamSearch = true,
                N = random.Next(1, 7),
                MaxTokens = maxTokens,
                MinTokens = random.Next(3) == 0 ? random.Next(maxTokens + 1) : 0,
                LengthPenalty = (random.NextSingle() - 0.3f) * 3,
                EarlyStopping = (EarlyStopping)random.Next(3),
                IgnoreEos = random.Next(2) == 0,
                StopTokenIds = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(40))],
                Logprobs = random.Next(4) == 0 ? 1 : null,
                Seed = 0,
            },
        };
    }

    private static void AssertEqualsReference(StubEngine engine, GenerationRequest request, SequenceGroup group)
    {
        var expected = ReferenceBeams.Search(engine.Model.LogitsAfter, request.Prompt.ToArray(), request.Sampling, [StubEngine.Eos]);
        Assert.Equal(expected.Select(one => $"{string.Join(" ", one.Tokens)}: {one.Score:r}"), Answers(group).Select(one => $"{string.Join(" ", one.Tokens)}: {one.Score:r}"));
    }

    private static List<(int[] Tokens, float Score)> Answers(SequenceGroup group) =>
        [.. Events(group).GroupBy(one => one.Index).OrderBy(beam => beam.Key).Select(beam => (beam.Select(one => one.TokenId).ToArray(), beam.Last().Score!.Value))];

    private static List<SequenceEvent> Events(SequenceGroup group)
    {
        List<SequenceEvent> events = [];
        while (group.Outlet.Events.TryRead(out SequenceEvent happened)) events.Add(happened);
        return events;
    }

    private static string Failure(SequenceGroup group) => group.Outlet.Events.Completion.Exception!.InnerException!.Message;
}
