namespace Folio.Engine.Tests;

/// <summary>Who leaves the prefix cache when room is needed: the least recently used, tails before heads.</summary>
public sealed class EvictionTests
{
    [Fact]
    public void The_prefix_that_was_used_longest_ago_goes_first()
    {
        var engine = new StubEngine(blocks: 30, blockSize: 4);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 3).Select(_ => Given.Request(prompt: 33, maxTokens: 1))]; // 9 blocks each, of which 8 are indexed
        foreach (GenerationRequest request in requests) Cached(engine, request);
        Assert.Equal(32, Cached(engine, requests[0]));                            // and used again
        Cached(engine, Given.Request(prompt: 33, maxTokens: 1));                  // needs room
        Assert.Equal(32, Cached(engine, requests[0]));
        Assert.Equal(32, Cached(engine, requests[2]));
        Assert.InRange(Cached(engine, requests[1]), 0, 28);
    }

    [Fact]
    public void A_prefix_loses_its_tail_before_its_head()
    {
        var engine = new StubEngine(blocks: 20, blockSize: 4);
        GenerationRequest request = Given.Request(prompt: 41, maxTokens: 1); // 10 blocks indexed
        Cached(engine, request);
        Cached(engine, Given.Request(prompt: 57, maxTokens: 1));             // 15 blocks: 10 were never used or hold nothing, 5 are taken
        Assert.Equal(20, Cached(engine, request));
    }

    [Fact]
    public void Blocks_that_were_found_are_safe_from_the_rest_of_the_same_prompt()
    {
        var engine = new StubEngine(blocks: 12, blockSize: 4);
        GenerationRequest head = Given.Request(prompt: 25, maxTokens: 1);
        Cached(engine, head);
        int[] longer = [.. head.Prompt.Span, .. Given.Request(prompt: 20, maxTokens: 1).Prompt.Span]; // 45 tokens: all 12 blocks
        Assert.Equal(24, Cached(engine, head with { Prompt = longer }));
    }

    [Fact]
    public void Cached_blocks_are_free_for_whoever_needs_them()
    {
        var engine = new StubEngine(blocks: 12, blockSize: 4);
        Cached(engine, Given.Request(prompt: 45, maxTokens: 2));
        Assert.Equal(11, engine.Pool.Cached);
        SequenceGroup other = engine.Submit(prompt: 45, maxTokens: 2);
        engine.Run(1);
        Assert.Equal(GroupState.Running, other.State);
        engine.RunToEnd();
    }

    private static int Cached(StubEngine engine, GenerationRequest request)
    {
        SequenceGroup group = engine.Submit(request);
        engine.RunToEnd();
        return group.CachedTokens;
    }
}
