namespace Folio.Engine.Tests;

/// <summary>Swap or recompute, by what each is estimated to cost.</summary>
public sealed class AutoPreemptionTests
{
    [Theory]
    [InlineData(1, 0.5, 100, 100, 0, "host")]      // 5 blocks of 4 tokens: 2 · 5 · 0.5 s against some 18 s
    [InlineData(1, 5, 100, 100, 0, "recompute")]   // 50 s against 18 s
    [InlineData(1, 0.5, 5, 0, 100, "recompute")]   // there is only the disk, and it is slow
    [InlineData(1, 0.5, 0.5, 0, 100, "disk")]
    [InlineData(1, 0.5, 0.5, 3, 100, "disk")]      // host memory is too small for the group
    [InlineData(0.1, 0.5, 0.5, 100, 100, "recompute")]
    public void The_cheaper_way_is_taken(double secondsPerToken, double hostSecondsPerBlock, double diskSecondsPerBlock, int hostBlocks, int diskBlocks, string mode)
    {
        var engine = new StubEngine(
            blocks: 9,
            settings: new() { HostBlocks = hostBlocks, DiskBlocks = diskBlocks, GrowthTokens = 0, ResumeTokens = 0 },
            costs: new StepCosts(secondsPerToken, hostSecondsPerBlock, diskSecondsPerBlock));
        engine.Submit(prompt: 15, maxTokens: 12);
        SequenceGroup young = engine.Submit(prompt: 17, maxTokens: 5);
        engine.RunToEnd();
        Assert.Equal(1, young.Preemptions);
        Assert.Equal(1, Seen.Preemptions(engine.Metrics, mode));
    }

    [Fact]
    public void What_is_seen_corrects_what_was_estimated()
    {
        var costs = new StepCosts(secondsPerToken: 1, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1);
        for (int i = 0; i < 100; i++)
        {
            costs.Computed(sequences: 4, promptTokens: 100, seconds: 5);
            costs.Moved(SwapTier.Host, blocks: 10, seconds: 2);
        }

        costs.Computed(sequences: 1, promptTokens: 10, seconds: 100); // too few to tell
        costs.Moved(SwapTier.Host, blocks: 0, seconds: 100);
        Assert.Equal(0.05 * 40, costs.Recompute(40), 1e-4);
        Assert.Equal(2 * 7 * 0.2, costs.Swap(SwapTier.Host, 7), 1e-4);
        Assert.Equal(2 * 7, costs.Swap(SwapTier.Disk, 7));
    }

    /// <summary>Steps of 20 ms, whatever they hold, and 0.1 ms a token: beside others a prompt pays for its tokens alone.</summary>
    [Fact]
    public void A_prompts_token_costs_what_it_adds_to_a_step_that_runs_anyway()
    {
        var costs = new StepCosts(secondsPerToken: 1, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1);
        for (int i = 0; i < 200; i++)
        {
            costs.Computed(sequences: 4, promptTokens: 0, seconds: 0.020 + 16e-4);
            costs.Computed(sequences: 4, promptTokens: 256, seconds: 0.020 + 272e-4);
        }

        Assert.Equal(100e-4, costs.Recompute(100), 1e-5);
    }

    [Fact]
    public void Steps_without_a_prompt_say_nothing_of_a_prompts_token()
    {
        var costs = new StepCosts(secondsPerToken: 1, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1);
        for (int i = 0; i < 200; i++) costs.Computed(sequences: 4, promptTokens: 0, seconds: 0.5);
        Assert.Equal(100, costs.Recompute(100));
        costs.Computed(sequences: 4, promptTokens: 100, seconds: 1.5);
        Assert.Equal(1, costs.Recompute(100), 1e-9); // what was seen first takes the guess's place
        costs.Computed(sequences: 4, promptTokens: 100, seconds: 0.5); // no longer than without
        Assert.Equal(7.0 / 8, costs.Recompute(100), 1e-9);
    }

    [Fact]
    public void Prompts_get_the_tokens_that_fit_into_the_allowed_stall_or_into_as_long_as_decoding_takes()
    {
        var costs = new StepCosts(secondsPerToken: 0.01, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1);
        Assert.Equal(10, costs.PromptTokens(TimeSpan.FromMilliseconds(100), decodes: 4));
        costs.Computed(sequences: 4, promptTokens: 0, seconds: 0.05);
        costs.Computed(sequences: 4, promptTokens: 100, seconds: 0.25);
        Assert.Equal(50, costs.PromptTokens(TimeSpan.FromMilliseconds(100), decodes: 4));
        for (int i = 0; i < 200; i++) costs.Computed(sequences: 4, promptTokens: 0, seconds: 0.2);
        Assert.InRange(costs.PromptTokens(TimeSpan.FromMilliseconds(100), decodes: 4), 99, 100);
    }

    /// <summary>Steps of 5 ms, 2 ms a sequence and 1 ms a token of a prompt; the first ones, after a start, take ten times as long.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(100)]
    public void However_wrong_the_first_estimate_was_prompts_get_their_tokens_in_the_end(int sequences)
    {
        var costs = new StepCosts(secondsPerToken: 0.001, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1);
        costs.Computed(sequences: 1, promptTokens: 20, seconds: 10 * 0.027);
        for (int i = 0; i < 5; i++) costs.Computed(sequences: 1, promptTokens: 0, seconds: 0.007);
        int tokens = 0;
        for (int i = 0; i < 60; i++) // never a step without a prompt again
        {
            tokens = Math.Clamp(costs.PromptTokens(TimeSpan.FromMilliseconds(100), sequences), 32, 512);
            costs.Computed(sequences, tokens, 0.005 + 0.002 * sequences + 0.001 * tokens);
        }

        double decode = 0.005 + 0.002 * sequences;
        Assert.InRange(tokens, 0.9 * Math.Max(0.1, decode) / 0.001, 512);
        for (int i = 0; i < 60; i++) costs.Computed(sequences, promptTokens: 0, decode);
        for (int i = 0; i < 60; i++) costs.Computed(sequences, 200, decode + 0.2);
        Assert.Equal(Math.Max(0.1, decode) / 0.001, costs.PromptTokens(TimeSpan.FromMilliseconds(100), sequences), 0.02 * Math.Max(0.1, decode) / 0.001 + 1);
    }
}
