namespace Folio.Engine.Tests;

/// <summary>Equal prompts that arrive together.</summary>
public sealed class DuplicatesTests(ITestOutputHelper output)
{
    private const int Copies = 5, Answer = 4;

    [Theory]
    [InlineData(22, 200)]
    [InlineData(24, 200)]
    public void Full_blocks_of_equal_prompts_that_come_together_are_computed_once(int prompt, int budget)
    {
        var engine = new StubEngine(blockSize: 4, budget: budget);
        GenerationRequest request = Given.Request(prompt, Answer);
        SequenceGroup[] groups = [.. Enumerable.Range(0, Copies).Select(_ => engine.Submit(request))];
        engine.RunToEnd();

        int shared = (prompt - 1) / 4 * 4; // the last token is everybody's own
        Assert.Equal(prompt + (Copies - 1) * (prompt - shared) + Copies * (Answer - 1), engine.Model.Tokens);
        Assert.All(groups, group => Assert.Equal(groups[0].Sequences[0].Output.ToArray(), group.Sequences[0].Output.ToArray()));
    }

    [Theory]
    [InlineData(22, 16)]
    [InlineData(40, 12)]
    [InlineData(100, 32)]
    public void Chunks_of_them_are_computed_once_but_for_the_blocks_that_a_chunk_ends_in(int prompt, int budget)
    {
        var engine = new StubEngine(blockSize: 4, budget: budget);
        GenerationRequest request = Given.Request(prompt, Answer);
        for (int i = 0; i < Copies; i++) engine.Submit(request);
        engine.RunToEnd();
        int shared = (prompt - 1) / 4 * 4, least = prompt + (Copies - 1) * (prompt - shared) + Copies * (Answer - 1);
        output.WriteLine($"{Copies} prompts of {prompt} tokens, budget {budget}: {engine.Model.Tokens} tokens computed, {least} at least, {Copies * (prompt + Answer - 1)} without sharing");
        Assert.InRange(engine.Model.Tokens, least, least + 3 * Copies * 4);
    }

    [Fact]
    public void They_share_blocks_while_they_run()
    {
        var engine = new StubEngine(blockSize: 4, budget: 200);
        GenerationRequest request = Given.Request(prompt: 22, maxTokens: 10);
        SequenceGroup[] groups = [.. Enumerable.Range(0, Copies).Select(_ => engine.Submit(request))];
        engine.Run(1);
        Assert.Equal(5 + Copies, engine.Pool.Used);
        Assert.All(groups, group => Assert.Equal(groups[0].Sequences[0].Table.Blocks[..5].ToArray(), group.Sequences[0].Table.Blocks[..5].ToArray()));
        engine.RunToEnd();
    }

    [Fact]
    public void Without_the_cache_everybody_computes_all()
    {
        var engine = new StubEngine(blockSize: 4, budget: 200, prefixCaching: false);
        GenerationRequest request = Given.Request(prompt: 22, Answer);
        for (int i = 0; i < Copies; i++) engine.Submit(request);
        engine.RunToEnd();
        Assert.Equal(Copies * (22 + Answer - 1), engine.Model.Tokens);
    }

    [Fact]
    public void When_the_first_of_them_is_cancelled_inside_its_prompt_the_others_go_on()
    {
        var engine = new StubEngine(blockSize: 4, budget: 16);
        GenerationRequest request = Given.Request(prompt: 40, Answer);
        SequenceGroup first = engine.Submit(request), second = engine.Submit(request), third = engine.Submit(request with { CacheSalt = "of its own" });
        engine.Run(2);
        engine.Cancel(first);
        engine.RunToEnd();
        Assert.Equal(third.Sequences[0].Output.ToArray(), second.Sequences[0].Output.ToArray());
    }
}
