namespace Folio.Engine.Tests;

/// <summary>The token budget between decodes, long prompts and short ones.</summary>
public sealed class PrefillSharingTests
{
    [Fact]
    public void A_short_prompt_gets_its_first_token_while_a_long_one_before_it_is_still_read()
    {
        var engine = new StubEngine(budget: 16);
        SequenceGroup book = engine.Submit(prompt: 190, maxTokens: 5);
        engine.Run(1);
        SequenceGroup question = engine.Submit(prompt: 8, maxTokens: 5);
        engine.Run(1);
        Assert.Equal(1, question.OutputLength(0));
        Assert.InRange(book.Leader.Computed, 1, 189);
        engine.RunToEnd();
        Assert.Equal([question, book], engine.Ended);
    }

    [Fact]
    public void Short_prompts_get_through_behind_several_long_ones()
    {
        var engine = new StubEngine(budget: 32);
        for (int i = 0; i < 3; i++) engine.Submit(prompt: 190, maxTokens: 2);
        engine.Run(1);
        SequenceGroup question = engine.Submit(prompt: 6, maxTokens: 2);
        engine.Run(3);
        Assert.True(question.OutputLength(0) > 0, "three long prompts block a short one");
    }

    [Fact]
    public void A_long_prompt_always_gets_half_of_what_decodes_leave()
    {
        var engine = new StubEngine(budget: 16, sequences: 40);
        SequenceGroup book = engine.Submit(prompt: 190, maxTokens: 2);
        engine.Run(1);
        for (int step = 0; book.Leader.Computed < 190; step++)
        {
            engine.Submit(prompt: 5, maxTokens: 4);
            int before = book.Leader.Computed, decodes = Decodes(engine);
            engine.Run(1);
            Assert.True(book.Leader.Computed - before >= Math.Min((16 - decodes) / 2, 190 - before), $"step {step}: {book.Leader.Computed - before} tokens beside {decodes} decodes");
        }
    }

    [Fact]
    public void Decodes_never_stall_behind_prompts()
    {
        var engine = new StubEngine(budget: 16, sequences: 40);
        SequenceGroup[] early = [.. Enumerable.Range(0, 6).Select(_ => engine.Submit(prompt: 2, maxTokens: 60))];
        engine.Run(1);
        for (int step = 1; step <= 50; step++)
        {
            if (step % 4 == 1) engine.Submit(prompt: 150, maxTokens: 3);
            engine.Run(1);
            Assert.All(early, group => Assert.Equal(1 + step, group.OutputLength(0)));
        }
    }

    [Fact]
    public void The_budget_is_used_up_as_long_as_a_prompt_could_use_it()
    {
        var engine = new StubEngine(budget: 32);
        engine.Submit(prompt: 190, maxTokens: 4);
        engine.Submit(prompt: 3, maxTokens: 9);
        engine.Submit(prompt: 100, maxTokens: 4);
        int left = 293;
        engine.Model.BeforeStep += batch =>
        {
            if (left > 32 + 16) Assert.Equal(32, batch.Tokens);
            left -= batch.Tokens;
        };
        engine.RunToEnd();
    }

    [Fact]
    public void A_small_budget_that_decodes_use_up_still_reads_prompts_in_the_end()
    {
        var engine = new StubEngine(budget: 4, sequences: 8);
        for (int i = 0; i < 6; i++) engine.Submit(prompt: 9, maxTokens: 12, n: 1 + i % 2);
        engine.RunToEnd();
        Assert.Equal(6, engine.Ended.Count);
    }

    private static int Decodes(StubEngine engine) => engine.Scheduler.Groups().Where(group => group.State == GroupState.Running).Sum(group => group.Decodes());

    /// <summary>Blocks of 4 tokens; a token of a prompt is estimated at 50 ms.</summary>
    [Theory]
    [InlineData(1000, 20)]
    [InlineData(460, 9)]
    [InlineData(1, 8)] // two blocks in any case
    [InlineData(null, 63)]
    public void Prompts_lengthen_a_step_in_which_others_decode_only_by_what_is_allowed(int? stall, int expected)
    {
        StubEngine engine = Paced(stall);
        SequenceGroup running = engine.Submit(prompt: 5, maxTokens: 100);
        engine.Run(1);
        SequenceGroup newcomer = engine.Submit(prompt: 190, maxTokens: 5), another = engine.Submit(prompt: 190, maxTokens: 5);
        engine.Run(1);
        Assert.Equal(expected, newcomer.Leader.Computed + another.Leader.Computed);
        Assert.Equal(2, running.OutputLength(0));
        engine.RunToEnd();
        Assert.Equal(3, engine.Ended.Count);
    }

    [Fact]
    public void Where_nobody_decodes_prompts_take_the_whole_budget()
    {
        StubEngine engine = Paced(1);
        SequenceGroup first = engine.Submit(prompt: 190, maxTokens: 5), second = engine.Submit(prompt: 190, maxTokens: 5);
        engine.Run(1);
        Assert.Equal(64, first.Leader.Computed + second.Leader.Computed);
    }

    [Fact]
    public void A_short_prompt_gets_through_behind_a_long_one_at_the_slowest_pace_too()
    {
        StubEngine engine = Paced(1);
        engine.Submit(prompt: 5, maxTokens: 190);
        engine.Run(1);
        SequenceGroup book = engine.Submit(prompt: 190, maxTokens: 5);
        engine.Run(1);
        SequenceGroup question = engine.Submit(prompt: 6, maxTokens: 5);
        engine.Run(3);
        Assert.True(question.OutputLength(0) > 0);
        Assert.InRange(book.Leader.Computed, 1, 189);
    }

    /// <summary>A block of 4 tokens may be computed twice where a chunk ended inside it, no more.</summary>
    [Fact]
    public void Newcomers_that_begin_alike_share_the_work_at_a_slow_pace_too()
    {
        StubEngine engine = Paced(1000);
        engine.Submit(prompt: 5, maxTokens: 190);
        engine.Run(1);
        int[] prefix = [.. Enumerable.Range(0, 120).Select(i => 1 + i % 37)];
        SequenceGroup[] alike = [.. Enumerable.Range(1, 8).Select(own => engine.Submit(new GenerationRequest { Prompt = (int[])[.. prefix, own, own, own, own], Sampling = new() { MaxTokens = 2, Seed = own, IgnoreEos = true } }))];
        long before = engine.Model.Tokens;
        int steps = 0;
        for (; alike.Any(group => group.State != GroupState.Finished); steps++) engine.Run(1);
        Assert.InRange(engine.Model.Tokens - before - steps, 120 + 8 * 5, 120 + 8 * 5 + 8 * 4 + 4 * steps);
        Assert.InRange(steps, 1, 25);
    }

    private static StubEngine Paced(int? stall) => new(
        budget: 64,
        settings: new() { GrowthTokens = 0, ResumeTokens = 0, MaxPrefillStall = stall is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null },
        costs: new(secondsPerToken: 0.05, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1));
}
