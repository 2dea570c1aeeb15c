using Folio.Compute;

namespace Folio.Engine.Tests;

public sealed class SchedulerTests
{
    [Fact]
    public void A_request_runs_to_its_length_and_leaves_every_block_free()
    {
        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(prompt: 10, maxTokens: 7);
        engine.RunToEnd();
        Assert.Equal(7, group.Sequences[0].OutputLength);
        Assert.EndsWith("Length ", StubEngine.Answer(group));
        Assert.Equal(7, engine.Model.Steps); // the prompt's step yields the first token
    }

    [Fact]
    public void Prefill_and_decode_share_one_batch()
    {
        var engine = new StubEngine(budget: 32);
        engine.Submit(prompt: 5, maxTokens: 10);
        engine.Run(2);
        engine.Submit(prompt: 6, maxTokens: 10);
        int tokens = 0, sequences = 0;
        engine.Model.BeforeStep = batch => (tokens, sequences) = (batch.Tokens, batch.Sequences);
        engine.Run(1);
        Assert.Equal((7, 2), (tokens, sequences));
    }

    [Fact]
    public void A_long_prompt_takes_what_decodes_leave_and_stalls_none_of_them()
    {
        var engine = new StubEngine(budget: 8);
        SequenceGroup early = engine.Submit(prompt: 4, maxTokens: 50);
        engine.Run(1);
        SequenceGroup late = engine.Submit(prompt: 70, maxTokens: 5);
        for (int step = 1; step <= 10; step++)
        {
            engine.Run(1);
            Assert.Equal(1 + step, early.Sequences[0].OutputLength);
            Assert.Equal(Math.Min(70, 7 * step), late.Sequences[0].Computed);
        }

        Assert.Equal(1, late.Sequences[0].OutputLength);
    }

    [Fact]
    public void No_step_exceeds_the_token_budget_or_the_sequence_limit()
    {
        var engine = new StubEngine(budget: 7, sequences: 5);
        engine.Model.BeforeStep = batch =>
        {
            Assert.InRange(batch.Tokens, 1, 7);
            Assert.InRange(batch.Sequences, 1, 5);
        };
        for (int i = 0; i < 20; i++) engine.Submit(prompt: 1 + i, maxTokens: 6, n: 1 + i % 3);
        engine.RunToEnd();
        Assert.Equal(20, engine.Ended.Count);
    }

    [Fact]
    public void The_sequence_limit_counts_sequences_not_requests()
    {
        var engine = new StubEngine(sequences: 5);
        SequenceGroup[] groups = [.. Enumerable.Range(0, 3).Select(_ => engine.Submit(prompt: 3, maxTokens: 4, n: 2))];
        engine.Run(1);
        Assert.Equal([GroupState.Running, GroupState.Running, GroupState.Waiting], groups.Select(group => group.State));
        Assert.Equal(4, engine.Scheduler.RunningSequences);
    }

    [Fact]
    public void Nobody_is_admitted_before_an_earlier_one_that_does_not_fit()
    {
        var engine = new StubEngine(blocks: 10, blockSize: 4);
        engine.Submit(prompt: 20, maxTokens: 4);
        engine.Run(1);
        SequenceGroup large = engine.Submit(prompt: 30, maxTokens: 2), small = engine.Submit(prompt: 2, maxTokens: 2);
        engine.Run(1);
        Assert.Equal((GroupState.Waiting, GroupState.Waiting), (large.State, small.State));
        engine.RunToEnd();
        Assert.Equal([large, small], engine.Ended.Skip(1));
    }

    [Fact]
    public void The_youngest_is_preempted_first_and_the_earliest_resumes_first()
    {
        var engine = new StubEngine(blocks: 9, blockSize: 4);
        SequenceGroup[] groups = [.. Enumerable.Range(0, 3).Select(_ => engine.Submit(prompt: 11, maxTokens: 20))];
        engine.Run(1);
        Assert.All(groups, group => Assert.Equal(GroupState.Running, group.State));
        engine.Run(2);
        Assert.Equal([0, 0, 1], groups.Select(group => group.Preemptions));
        engine.RunToEnd();
        Assert.Equal(groups, engine.Ended);
        Assert.Equal(engine.Scheduler.Preemptions, engine.Metrics.Preemptions.Value);
    }

    [Fact]
    public void A_group_is_preempted_whole()
    {
        var engine = new StubEngine(blocks: 20, blockSize: 4);
        SequenceGroup old = engine.Submit(prompt: 10, maxTokens: 30), samples = engine.Submit(prompt: 10, maxTokens: 16, n: 3);
        while (samples.Preemptions == 0) engine.Run(1);
        Assert.All(samples.Sequences, sequence => Assert.Equal(0, sequence.Computed));
        Assert.Equal(1, engine.Scheduler.RunningSequences);
        engine.RunToEnd();
        Assert.Equal([old, samples], engine.Ended);
    }

    [Theory]
    [InlineData(2, 10, 1)]
    [InlineData(4, 10, 3)]
    [InlineData(6, 9, 5)]
    [InlineData(6, 8, 0)]
    public void N_samples_compute_the_prompt_once_and_copy_n_minus_one_blocks_when_it_ends_inside_a_block(int n, int prompt, int copies)
    {
        var engine = new StubEngine(blockSize: 4);
        SequenceGroup group = engine.Submit(prompt, maxTokens: 6, n);
        engine.RunToEnd();
        Assert.Equal(prompt + n * 5, engine.Model.Tokens); // the last token of a sequence is never computed
        Assert.Equal(copies, engine.Model.CopiedBlocks);
        Assert.Equal(copies > 0 ? 1 : 0, engine.Model.CopyCalls);
        Assert.Equal(copies, engine.Metrics.CopiedBlocks.Value);
        Assert.Equal(n, StubEngine.Answer(group).Trim().Split('\n').Distinct().Count());
    }

    [Fact]
    public void Sequence_i_of_n_is_the_answer_to_a_request_with_seed_plus_i()
    {
        GenerationRequest request = Given.Request(prompt: 10, maxTokens: 12, n: 4, seed: 100);
        var engine = new StubEngine();
        SequenceGroup together = engine.Submit(request);
        SequenceGroup[] single = [.. Enumerable.Range(0, 4).Select(i => engine.Submit(request with { Sampling = request.Sampling with { N = 1, Seed = 100 + i } }))];
        engine.RunToEnd();
        Assert.Equal(single.Select(group => group.Sequences[0].Output.ToArray()), together.Sequences.Select(sequence => sequence.Output.ToArray()));
    }

    [Fact]
    public void Admission_leaves_the_watermark_free_and_appending_uses_it()
    {
        var engine = new StubEngine(blocks: 200, blockSize: 4, budget: 1000, maxModelLen: 800); // watermark: 2 blocks
        SequenceGroup first = engine.Submit(prompt: 400, maxTokens: 100);
        engine.Run(1);
        SequenceGroup second = engine.Submit(prompt: 4 * 99 - 1, maxTokens: 2); // would leave one block
        engine.Run(1);
        Assert.Equal(GroupState.Waiting, second.State);
        engine.Cancel(second);
        SequenceGroup third = engine.Submit(prompt: 4 * 97, maxTokens: 20); // leaves two
        engine.Run(5);
        Assert.Equal(GroupState.Running, third.State);
        Assert.Equal(0, engine.Pool.Free);
        engine.RunToEnd();
        Assert.Equal(0, first.Preemptions);
    }

    [Theory]
    [InlineData(PreemptionMode.Recompute)]
    [InlineData(PreemptionMode.Swap)]
    public void Coming_back_leaves_the_watermark_free_too(PreemptionMode mode)
    {
        var settings = new SchedulerSettings { Preemption = mode, HostBlocks = 400, GrowthTokens = 0, ResumeTokens = 0 };
        var engine = new StubEngine(blocks: 300, blockSize: 4, budget: 1000, maxModelLen: 1000, settings: settings); // watermark: 3 blocks
        engine.Submit(prompt: 598, maxTokens: 100);
        SequenceGroup young = engine.Submit(prompt: 586, maxTokens: 40); // 150 + 147: three are left
        bool away = false;
        int returns = 0;
        while (engine.Step())
        {
            if (away && young.State == GroupState.Running)
            {
                returns++;
                Assert.True(engine.Pool.Free >= 3 || engine.Scheduler.Running == 1, $"{engine.Pool.Free} blocks are left");
            }

            away = young.State == GroupState.Preempted;
        }

        Assert.InRange(returns, 1, 100);
    }

    [Fact]
    public void One_request_that_just_fits_alone_always_gets_on()
    {
        var engine = new StubEngine(blocks: 11, blockSize: 4);
        for (int i = 0; i < 6; i++)
        {
            // 2 full prompt blocks and 3 · 3 more: the whole pool
            Assert.Equal(11, SequenceGroup.BlocksAtMost(promptLength: 10, maxLength: 21, n: 3, engine.Pool));
            engine.Submit(prompt: 10, maxTokens: 11, n: 3);
        }

        long steps = 0;
        while (engine.Step()) Assert.InRange(++steps, 1, 1000);
        Assert.Equal(6, engine.Ended.Count);
    }

    [Fact]
    public void Planning_a_step_of_running_sequences_touches_no_managed_heap()
    {
        var engine = new StubEngine(budget: 64, sequences: 64, maxModelLen: 200);
        for (int i = 0; i < 40; i++) engine.Submit(prompt: 1, maxTokens: 150);
        engine.Run(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            StepPlan plan = engine.Scheduler.Schedule();
            engine.Scheduler.Commit();
            foreach (ref readonly PlannedSample sample in plan.Samples) sample.Sequence.Append(1);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
