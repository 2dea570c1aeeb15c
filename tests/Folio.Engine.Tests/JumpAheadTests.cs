using System.Text;
using Folio.Grammars;

namespace Folio.Engine.Tests;

/// <summary>Several tokens that a grammar forces are one sequence's turn: scheduled like a token that was drawn.</summary>
public sealed class JumpAheadTests
{
    private const int Jump = 10; // the letter that is drawn, and all but the last of those that follow

    [Fact]
    public void Who_jumps_ahead_decodes_and_a_long_prompt_beside_is_paced()
    {
        var engine = new StubEngine(
            budget: 64, settings: new() { GrowthTokens = 0, ResumeTokens = 0, MaxPrefillStall = TimeSpan.FromMilliseconds(1) }, costs: new(secondsPerToken: 0.05, hostSecondsPerBlock: 1, diskSecondsPerBlock: 1));
        SequenceGroup jumping = engine.Submit(Request(NewGrammar(), maxTokens: 190));
        engine.Run(1);
        Assert.Equal(Jump, jumping.OutputLength(0));

        SequenceGroup book = engine.Submit(prompt: 190, maxTokens: 5);
        engine.Run(1);
        Assert.Equal(Jump + 1, jumping.OutputLength(0));
        Assert.InRange(book.Leader.Computed, 1, 8);
        engine.RunToEnd();
    }

    [Fact]
    public void A_jump_may_take_several_steps_where_the_budget_is_small()
    {
        var engine = new StubEngine(budget: 3);
        SequenceGroup jumping = engine.Submit(Request(NewGrammar(), maxTokens: 60));
        engine.RunToEnd();
        Assert.Equal(60, jumping.OutputLength(0));
    }

    [Fact]
    public void Forced_tokens_are_service_like_those_that_are_drawn()
    {
        var engine = new StubEngine(sequences: 4, settings: new() { Policy = SchedulingPolicy.Fair, GrowthTokens = 0, ResumeTokens = 0 });
        RequestGrammar grammar = NewGrammar();
        SequenceGroup[] forced = [.. Enumerable.Range(0, 120).Select(_ => engine.Submit(Request(grammar, maxTokens: 33) with { Tenant = "forced" }))];
        SequenceGroup[] drawn = [.. Enumerable.Range(0, 120).Select(_ => engine.Submit(Given.Request(prompt: 5, maxTokens: 33) with { Tenant = "drawn" }))];
        engine.Run(1);
        while (forced.Concat(drawn).Count(group => group.State == GroupState.Waiting) > 120) engine.Run(1);
        Assert.InRange((double)forced.Sum(group => group.OutputLength(0)) / drawn.Sum(group => group.OutputLength(0)), 0.8, 1.25);
    }

    private static GenerationRequest Request(RequestGrammar grammar, int maxTokens) => Given.Request(prompt: 5, maxTokens) with { Grammar = grammar };

    /// <summary>x or y, and then ten letters in their order, for ever. A token is a letter.</summary>
    private static RequestGrammar NewGrammar()
    {
        byte[]?[] tokens = [null, .. Enumerable.Range('a', 26).Select(letter => new[] { (byte)letter })];
        return new(Grammar.Regex("([xy]abcdefghij)+").Compile(), new TokenVocabulary(tokens, text => [.. Encoding.ASCII.GetBytes(text).Select(letter => letter - 'a' + 1)]));
    }
}
