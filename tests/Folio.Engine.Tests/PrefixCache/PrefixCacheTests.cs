namespace Folio.Engine.Tests;

/// <summary>The prefix cache as requests meet it (S13, B17); B is 4.</summary>
public sealed class PrefixCacheTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    public void The_second_time_all_full_blocks_before_the_last_token_are_found(int length)
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest request = Given.Request(length, maxTokens: 3);
        SequenceGroup cold = Run(engine, request), warm = Run(engine, request);
        Assert.Equal(0, cold.CachedTokens);
        Assert.Equal((length - 1) / 4 * 4, warm.CachedTokens);
        Assert.Equal(cold.Sequences[0].Output.ToArray(), warm.Sequences[0].Output.ToArray());
        Assert.Equal(2 * length, engine.Metrics.PrefixCacheQueries.Value);
        Assert.Equal(warm.CachedTokens, engine.Metrics.PrefixCacheHits.Value);
    }

    [Fact]
    public void N_samples_find_them_too_and_share_them()
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest request = Given.Request(prompt: 21, maxTokens: 6, n: 3);
        Run(engine, request);
        Assert.Equal(20, Run(engine, request).CachedTokens);
    }

    [Fact]
    public void Another_salt_finds_nothing_and_the_same_one_does()
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest request = Given.Request(prompt: 21, maxTokens: 3), salted = request with { CacheSalt = "a" };
        Run(engine, request);
        Assert.Equal(0, Run(engine, salted).CachedTokens);
        Assert.Equal(0, Run(engine, request with { CacheSalt = "b" }).CachedTokens);
        Assert.Equal(20, Run(engine, salted).CachedTokens);  // positive controls
        Assert.Equal(20, Run(engine, request).CachedTokens);
    }

    [Fact]
    public void After_a_reset_nothing_is_found_once()
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest request = Given.Request(prompt: 21, maxTokens: 3);
        Run(engine, request);
        engine.Scheduler.ResetPrefixCache();
        Assert.Equal(0, Run(engine, request).CachedTokens);
        Assert.Equal(20, Run(engine, request).CachedTokens);
    }

    [Fact]
    public void A_reset_while_requests_run_changes_no_answer()
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest request = Given.Request(prompt: 21, maxTokens: 20, n: 2);
        SequenceGroup undisturbed = Run(engine, request);
        SequenceGroup running = engine.Submit(request);
        engine.Run(5);
        engine.Scheduler.ResetPrefixCache();
        SequenceGroup after = engine.Submit(request);
        engine.RunToEnd();
        Assert.Equal(0, after.CachedTokens);
        Assert.All([running, after], group => Assert.Equal(undisturbed.Sequences[1].Output.ToArray(), group.Sequences[1].Output.ToArray()));
    }

    [Fact]
    public void The_next_turn_of_a_chat_finds_the_answer_of_the_last()
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest first = Given.Request(prompt: 10, maxTokens: 15);
        SequenceGroup turn = Run(engine, first);
        int[] history = [.. first.Prompt.Span, .. turn.Sequences[0].Output, 7, 8, 9];
        Assert.Equal(24, Run(engine, first with { Prompt = history }).CachedTokens); // of 25 tokens the last was never computed
    }

    [Fact]
    public void What_a_preempted_request_had_computed_is_found_when_it_comes_back()
    {
        var engine = new StubEngine(blocks: 12, blockSize: 4);
        SequenceGroup old = engine.Submit(prompt: 15, maxTokens: 14), young = engine.Submit(prompt: 23, maxTokens: 10);
        engine.RunToEnd();
        Assert.Equal((0, 1), (old.Preemptions, young.Preemptions));
        long again = engine.Model.Tokens - (15 + 13) - (23 + 9); // the last token of a sequence is never computed
        Assert.InRange(again, 1, young.Preempted.Tokens / 2);
        Assert.Equal(0, young.CachedTokens);                     // what it reports is what it found when it was first admitted
    }

    [Fact]
    public void Prompt_log_probabilities_are_the_same_cold_and_warm_and_do_not_come_from_the_cache()
    {
        var engine = new StubEngine(blockSize: 4);
        GenerationRequest request = Given.Request(prompt: 21, maxTokens: 3);
        GenerationRequest asking = request with { Sampling = request.Sampling with { PromptLogprobs = 2, Logprobs = 1 } };
        SequenceGroup cold = Run(engine, asking), warm = Run(engine, asking), plain = Run(engine, request);
        Assert.Equal((0, 0, 20), (cold.CachedTokens, warm.CachedTokens, plain.CachedTokens));
        string text = StubEngine.Answer(cold);
        Assert.Equal(text, StubEngine.Answer(warm));
        Assert.StartsWith("-", text);
        Assert.Equal(21, cold.PromptLogprobs!.Length);
        Assert.All(cold.PromptLogprobs[1..], Assert.NotNull);
    }

    [Fact]
    public void A_step_that_failed_leaves_nothing_to_be_found()
    {
        var engine = new StubEngine(blockSize: 4, budget: 16);
        GenerationRequest request = Given.Request(prompt: 40, maxTokens: 3);
        SequenceGroup failed = engine.Submit(request), beside = engine.Submit(request);
        engine.Run(1);
        Action<Compute.StepBatch>? verify = engine.Model.BeforeStep;
        engine.Model.BeforeStep = _ =>
        {
            engine.Model.BeforeStep = verify;
            throw new FolioException("the device fell off the bus");
        };
        engine.RunToEnd();
        Assert.All([failed, beside], group => Assert.NotNull(group.Failure()));
        Assert.Equal(16, Run(engine, request).CachedTokens); // those of the step that went well; the stub model sees any slot that was never written
    }

    private static SequenceGroup Run(StubEngine engine, GenerationRequest request)
    {
        SequenceGroup group = engine.Submit(request);
        engine.RunToEnd();
        return group;
    }
}
