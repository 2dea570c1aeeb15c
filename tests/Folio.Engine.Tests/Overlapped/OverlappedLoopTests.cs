using Folio.Compute;

namespace Folio.Engine.Tests;

/// <summary>The loop of a backend beside the host: what is planned without waiting, what isn't, and that nobody can tell by the answers.</summary>
public sealed class OverlappedLoopTests
{
    [Fact]
    public void A_step_is_launched_before_the_one_before_it_has_ended()
    {
        var engine = new StubEngine(overlapped: true);
        SequenceGroup group = engine.Submit(prompt: 9, maxTokens: 20);
        engine.Run(1);
        Assert.Equal((0, 0), (engine.Model.Steps, engine.Late!.Overlapped));
        engine.Run(1);
        Assert.Equal((1, 1), (engine.Model.Steps, engine.Late.Overlapped)); // the first is waited for when the second is launched
        engine.RunToEnd();
        Assert.Equal((20, 19, 19), (group.OutputLength(0), engine.Late.Overlapped, engine.Late.Placeholders));
    }

    [Fact]
    public void Nothing_is_computed_beyond_a_length_that_was_known()
    {
        StubEngine plain = new(), overlapped = new(overlapped: true);
        foreach (StubEngine engine in (StubEngine[])[plain, overlapped])
        {
            engine.Submit(Given.Request(prompt: 9, maxTokens: 1, seed: 1));
            engine.Submit(Given.Request(prompt: 7, maxTokens: 6, n: 3, seed: 2));
            engine.RunToEnd();
        }

        Assert.Equal(plain.Model.Tokens, overlapped.Model.Tokens);
    }

    [Fact]
    public void Who_ends_by_a_token_has_one_row_too_many_which_nobody_sees()
    {
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 30, seed: 3);
        request = request with { Sampling = request.Sampling with { IgnoreEos = false } };
        SchedulerSettings fair = new() { Policy = SchedulingPolicy.Fair };
        StubEngine plain = new(settings: fair), overlapped = new(settings: fair, overlapped: true);
        Assert.Equal(Answer(plain), Answer(overlapped));
        Assert.Equal(plain.Model.Tokens + 1, overlapped.Model.Tokens);

        string Answer(StubEngine engine)
        {
            engine.Model.Bend = (tokens, row) => row[StubEngine.Eos] = tokens.Length == 15 ? 1000 : -1000; // the seventh token, whose row fills a block
            SequenceGroup group = engine.Submit(request);
            engine.RunToEnd();
            Assert.Equal(7, group.OutputLength(0));
            int[] said = [.. request.Prompt.Span, .. group.Sequences[0].Output];
            Assert.Equal(3, engine.Pool.Prefixes!.Peek(said, group.Namespace).Hits); // not the fourth, which ends with the row too many
            return $"{StubEngine.Answer(group)}, served {group.Account!.Counter}";
        }
    }

    [Theory]
    [InlineData("penalty")]
    [InlineData("bias")]
    [InlineData("logprobs")]
    [InlineData("prompt logprobs")]
    [InlineData("best of")]
    [InlineData("beams")]
    public void A_step_in_which_the_host_has_a_part_is_ended_before_the_next_is_planned(string part)
    {
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 8, n: 2);
        request = request with
        {
            Sampling = part switch
            {
                "penalty" => request.Sampling with { RepetitionPenalty = 1.3f },
                "bias" => request.Sampling with { LogitBias = new Dictionary<int, float> { [3] = 1 } },
                "logprobs" => request.Sampling with { Logprobs = 2 },
                "prompt logprobs" => request.Sampling with { PromptLogprobs = 2 },
                "best of" => request.Sampling with { BestOf = 3 },
                _ => request.Sampling with { UseBeamSearch = true },
            },
        };
        StubEngine plain = new(budget: 5), overlapped = new(budget: 5, overlapped: true);
        SequenceGroup expected = plain.Submit(request), group = overlapped.Submit(request);
        plain.RunToEnd();
        overlapped.RunToEnd();
        Assert.Equal(StubEngine.Answer(expected), StubEngine.Answer(group));
        if (part != "prompt logprobs") Assert.Equal(0, overlapped.Late!.Placeholders);
        else Assert.Equal(6 * 2, overlapped.Late!.Placeholders); // the prompt's steps, and the n first tokens, which have one row
    }

    [Fact]
    public void Nobody_is_preempted_while_a_step_is_in_flight_and_those_that_have_ended_have_left()
    {
        var engine = new StubEngine(blocks: 12, settings: new() { Preemption = PreemptionMode.Swap, HostBlocks = 30, GrowthTokens = 0, ResumeTokens = 0 }, overlapped: true);
        for (int i = 0; i < 6; i++) engine.Submit(prompt: 6 + i, maxTokens: 20);
        (long preemptions, int overlapped) = (0, 0);
        while (engine.Step())
        {
            if (engine.Scheduler.Preemptions > preemptions) Assert.Equal(overlapped, engine.Late!.Overlapped);
            (preemptions, overlapped) = (engine.Scheduler.Preemptions, engine.Late!.Overlapped);
        }

        Assert.True(preemptions > 2 && overlapped > 20 && engine.Model.SwappedBlocks > 0, $"{preemptions} preemptions, {overlapped} steps overlapped");
        Assert.All(engine.Ended, group => Assert.Equal(20, group.OutputLength(0)));
    }

    [Fact]
    public void A_plan_that_was_given_up_counts_no_cached_token_twice()
    {
        SchedulerSettings settings = new() { Policy = SchedulingPolicy.Priority, Preemption = PreemptionMode.Swap, HostBlocks = 30, GrowthTokens = 0, ResumeTokens = 0 };
        var engine = new StubEngine(blocks: 20, settings: settings, overlapped: true);
        GenerationRequest leading = Given.Request(prompt: 24, maxTokens: 50);
        SequenceGroup urgent = engine.Submit(prompt: 20, maxTokens: 50);
        engine.Submit(leading with { Priority = 1 });
        SequenceGroup late = engine.Submit(Given.Request(prompt: 24, maxTokens: 50) with { Priority = 2 });
        while (late.Preemptions == 0) engine.Run(1);
        engine.Run(2);
        int overlapped = engine.Late!.Overlapped;

        engine.Cancel(urgent); // room for who is swapped out, behind a newcomer who shares a prefix
        SequenceGroup newcomer = engine.Submit(leading with { Prompt = leading.Prompt[..11] });
        engine.Run(1);
        Assert.Equal((GroupState.Running, 8, overlapped), (late.State, newcomer.CachedTokens, engine.Late.Overlapped));
        engine.RunToEnd();
    }

    [Fact]
    public void A_request_whose_logits_are_no_numbers_fails_alone()
    {
        var engine = new StubEngine(overlapped: true);
        SequenceGroup sick = engine.Submit(prompt: 9, maxTokens: 20), healthy = engine.Submit(prompt: 9, maxTokens: 20);
        int[] prompt = sick.Sequences[0].Tokens(0, 9).ToArray();
        engine.Model.Bend = (tokens, row) =>
        {
            if (tokens.Length == 12 && tokens.AsSpan().StartsWith(prompt)) row.AsSpan().Fill(float.NaN);
        };
        engine.RunToEnd();
        Assert.Equal(20, healthy.OutputLength(0));
        Assert.IsType<RequestFailedException>(sick.Failure());
        Assert.Null(healthy.Failure());
    }

#if !DEBUG // where each step is verified, which allocates
    [Fact]
    public void Planning_and_taking_tokens_touch_no_managed_heap()
    {
        var loop = new TurningLoop(sequences: 40);
        loop.Run(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        loop.Run(60);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
#endif
}
