namespace Folio.Engine.Tests;

/// <summary>Prefixes that are kept: by whom they are found, what they survive, whose room they take, what they are called.</summary>
public sealed class PinTests
{
    private static readonly int[] System = [.. Enumerable.Range(0, 22).Select(i => 1 + i * 7 % 39)]; // 5 full blocks of 4

    [Fact]
    public async Task Requests_of_every_salt_find_a_pinned_prefix()
    {
        await using LlmEngine engine = Given.Engine();
        Assert.Equal(new PinnedPrefix("system", 20), await engine.PinAsync(System, "system"));
        Assert.Equal([new PinnedPrefix("system", 20)], engine.PinnedPrefixes);
        Assert.Equal(20, await Cached(engine, ""));
        Assert.Equal(20, await Cached(engine, "a"));
        Assert.Equal(20, await Cached(engine, "b"));
    }

    [Fact]
    public async Task It_survives_pressure_and_reset_and_is_free_after_it_is_unpinned()
    {
        await using LlmEngine engine = Given.Engine(blocks: 40, options: options => options with { GrowthTokens = 0 });
        await engine.PinAsync(System, "system");
        GenerationStream[] crowd = Given.AtOnce(engine, () => Enumerable.Range(0, 30).Select(_ => engine.Submit(Given.Request(prompt: 40, maxTokens: 20))).ToArray());
        foreach (GenerationStream stream in crowd) await Given.ReadAll(stream);
        Assert.True(engine.Metrics.Preemptions.Value > 0, "there was no pressure");
        Assert.Equal(20, await Cached(engine, "a"));
        await engine.ResetPrefixCacheAsync();
        Assert.Equal(20, await Cached(engine, "a"));

        Assert.True(await engine.UnpinAsync("system"));
        Assert.Empty(engine.PinnedPrefixes);
        await Given.Until(() => engine.Metrics.KvCacheUsage.Value == 0);
        await engine.ResetPrefixCacheAsync();
        Assert.Equal(0, await Cached(engine, "a"));
        Assert.False(await engine.UnpinAsync("system"));
    }

    [Fact]
    public async Task Pinning_under_a_known_name_replaces_what_was_there()
    {
        await using LlmEngine engine = Given.Engine();
        await engine.PinAsync(System, "system");
        int[] other = [.. System.Reverse()];
        await engine.PinAsync(other.AsMemory(0, 13), "system");
        Assert.Equal([new PinnedPrefix("system", 12)], engine.PinnedPrefixes);
        await engine.ResetPrefixCacheAsync();
        Assert.Equal(0, await Cached(engine, "a"));
        Assert.Equal(12, await Cached(engine, "a", other));
        Assert.Equal(3, engine.Scheduler.PinnedBlocks);
    }

    [Fact]
    public async Task A_pin_need_not_fit_beside_the_one_that_it_replaces()
    {
        await using LlmEngine engine = Given.Engine(blocks: 30, maxModelLen: 100);
        await engine.PinAsync(Long(60), "system");
        Assert.Contains("can't be pinned", (await Refused(engine, System)).Message, StringComparison.Ordinal);
        int[] other = [.. Long(60).Reverse()];
        await engine.PinAsync(other, "system");
        Assert.Equal(15, engine.Scheduler.PinnedBlocks);
        Assert.Equal(52, await Cached(engine, "a", other[..54]));
    }

    [Fact]
    public async Task Of_two_under_one_name_the_later_is_kept_whichever_is_computed_first()
    {
        await using LlmEngine engine = Given.Engine(blocks: 60, budget: 8);
        Task<PinnedPrefix> former, later;
        using (var gate = new StepGate(engine, 3))
        {
            former = engine.PinAsync(Long(120), "system");
            await Given.Until(() => gate.Holds);
            later = engine.PinAsync(System, "system"); // not both would fit
        }

        Assert.Equal(new PinnedPrefix("system", 20), await later);
        await Assert.ThrowsAsync<PinDroppedException>(() => former);
        Assert.Equal([new PinnedPrefix("system", 20)], engine.PinnedPrefixes);
        Assert.Equal(5, engine.Scheduler.PinnedBlocks);
    }

    [Fact]
    public async Task One_that_is_not_computed_yet_is_not_listed_and_can_be_unpinned()
    {
        await using LlmEngine engine = Given.Engine(budget: 8);
        Task<PinnedPrefix> pin;
        Task<bool> unpin;
        using (var gate = new StepGate(engine, 3))
        {
            pin = engine.PinAsync(Long(120), "system");
            await Given.Until(() => gate.Holds);
            Assert.Empty(engine.PinnedPrefixes);
            unpin = engine.UnpinAsync("system");
        }

        Assert.True(await unpin);
        Assert.Equal("the prefix 'system' was unpinned, or another was pinned under its id, before it was computed.", (await Assert.ThrowsAsync<PinDroppedException>(() => pin)).Message);
        Assert.Equal(0, engine.Scheduler.PinnedBlocks);
        await engine.PinAsync(System, "system");
    }

    [Fact]
    public async Task One_that_fails_or_is_given_up_leaves_no_name_behind()
    {
        bool fails = true;
        await using LlmEngine engine = Given.Engine(budget: 8, prepare: model => model.BeforeStep = _ =>
        {
            if (fails) throw new IOException("the device is gone");
        });
        await Assert.ThrowsAsync<RequestFailedException>(() => engine.PinAsync(Long(120), "system"));
        Assert.False(await engine.UnpinAsync("system"));

        fails = false;
        using var cancellation = new CancellationTokenSource();
        Task<PinnedPrefix> pin;
        using (var gate = new StepGate(engine, 3))
        {
            pin = engine.PinAsync(Long(120), "system", cancellation.Token);
            await Given.Until(() => gate.Holds);
            await cancellation.CancelAsync();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pin);
        Assert.False(await engine.UnpinAsync("system"));
        Assert.Equal(0, engine.Scheduler.PinnedBlocks);
    }

    [Fact]
    public async Task Names_are_their_owners_and_made_ones_tell_nothing()
    {
        await using LlmEngine engine = Given.Engine();
        var pin = new PinRequest { Prefix = System, Id = "system", Owner = "a" };
        await engine.PinAsync(pin);
        await engine.PinAsync(pin with { Owner = "b" });
        string[] made = [(await engine.PinAsync(pin with { Id = null })).Id, (await engine.PinAsync(pin with { Id = null })).Id];
        foreach (string id in made) Assert.Matches("^prefix-[0-9a-f]{16}$", id);
        Assert.False(await engine.UnpinAsync("system"));
        Assert.False(await engine.UnpinAsync(made[0], "b"));
        Assert.True(await engine.UnpinAsync("system", "b"));
        Assert.Equal([new("system", 20, "a"), new(made[0], 20, "a"), new PinnedPrefix(made[1], 20, "a")], engine.PinnedPrefixes);
    }

    [Fact]
    public async Task A_pin_with_a_salt_is_found_with_that_salt_alone_after_a_reset_too()
    {
        await using LlmEngine engine = Given.Engine();
        await engine.PinAsync(new PinRequest { Prefix = System, CacheSalt = "a" });
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(0, await Cached(engine, ""));
            Assert.Equal(0, await Cached(engine, "b"));
            Assert.Equal(20, await Cached(engine, "a"));
            await engine.ResetPrefixCacheAsync();
        }
    }

    [Fact]
    public void After_a_reset_blocks_that_everybodys_pin_shares_with_a_salted_one_are_everybodys_again()
    {
        var engine = new StubEngine(blockSize: 4, budget: 16);
        SequenceGroup everybodys = engine.Pin(System[..20]), salted = engine.Pin(System[..12], salt: "a");
        engine.Run(1);
        Assert.Equal((GroupState.Running, GroupState.Pinned), (everybodys.State, salted.State));
        engine.Run(1);
        Assert.Equal(6, engine.Pool.Used); // of the salted one's 3 blocks 2 are everybody's
        engine.Scheduler.ResetPrefixCache();
        SequenceGroup[] readers = [.. new[] { "a", "b" }.Select(salt => engine.Submit(Given.Request(prompt: 22, maxTokens: 2) with { Prompt = System, CacheSalt = salt }))];
        while (engine.Step()) { }
        Assert.Equal([20, 20], readers.Select(reader => reader.CachedTokens));
    }

    [Fact]
    public void After_a_reset_a_salted_pin_goes_on_from_everybodys_that_was_pinned_after_it()
    {
        var engine = new StubEngine();
        engine.Pin(Long(64), salt: "a");
        engine.Run(1);
        engine.Pin(Long(32));
        engine.Run(1);
        Assert.Equal(24, engine.Pool.Used); // each its own
        engine.Scheduler.ResetPrefixCache();
        Assert.Equal(16, engine.Pool.Used);
        Assert.Equal([64, 32], Cached(engine, Long(66), "a", "b"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // while the second is computed
    public void After_a_reset_pins_of_several_salts_keep_what_they_share_of_everybodys_that_is_gone(bool early)
    {
        var engine = new StubEngine(budget: 16);
        SequenceGroup everybodys = engine.Pin(Long(12));
        engine.Run(1);
        engine.Pin(Long(28), salt: "a");
        engine.Run(1);
        SequenceGroup second = engine.Pin(Long(40), salt: "b");
        engine.Run(1);
        Assert.Equal(GroupState.Running, second.State);
        if (!early) engine.Run(1);
        engine.Unpin(everybodys);
        engine.Scheduler.ResetPrefixCache();
        while (engine.Step()) { }
        Assert.Equal([28, 40, 12], Cached(engine, Long(42), "a", "b", "c"));
    }

    [Fact]
    public async Task Pins_that_begin_alike_share_their_blocks()
    {
        await using LlmEngine engine = Given.Engine();
        await engine.PinAsync(System.AsMemory(0, 12), "short");
        await engine.PinAsync(System, "long");
        await Given.Until(() => engine.Metrics.RequestsRunning.Value == 0);
        await Cached(engine, "");
        Assert.True(await engine.UnpinAsync("short"));
        await engine.ResetPrefixCacheAsync();
        Assert.Equal(20, await Cached(engine, "a"));
    }

    [Fact]
    public async Task What_cannot_be_pinned_is_refused_with_the_reason()
    {
        await using LlmEngine engine = Given.Engine(blocks: 30, maxModelLen: 100);
        Assert.Equal("a prefix of 3 tokens is shorter than a block of 4: there is nothing to share.", (await Refused(engine, System[..3])).Message);
        Assert.Equal("a prefix of 120 tokens exceeds this model's context of 100 tokens.", (await Refused(engine, Long(120))).Message);
        Assert.StartsWith("a prefix of 80 tokens can't be pinned: too little of the KV cache (30 blocks of 4 tokens)", (await Refused(engine, Long(80))).Message, StringComparison.Ordinal);
        Assert.Equal("prompt has token id 40; this model's ids are 0 to 39.", (await Refused(engine, [1, 2, 3, 40])).Message);
        Assert.Empty(engine.PinnedPrefixes);
        Assert.Equal(0, engine.Scheduler.PinnedBlocks);
        await engine.PinAsync(Long(60)); // half of the pool may be
    }

    [Fact]
    public async Task Without_prefix_caching_nothing_can_be_pinned()
    {
        await using LlmEngine engine = Given.Engine(options: options => options with { EnablePrefixCaching = false });
        Assert.Equal("a prefix can't be pinned: prefix caching is off.", (await Refused(engine, System)).Message);
    }

    [Fact]
    public async Task A_request_that_does_not_fit_beside_the_pins_is_refused_with_the_numbers()
    {
        await using LlmEngine engine = Given.Engine(blocks: 30, maxModelLen: 100);
        await engine.PinAsync(Long(60));
        RequestException refused = Assert.Throws<RequestException>(() => engine.Submit(Given.Request(prompt: 40, maxTokens: 30)));
        Assert.StartsWith("1 sequence of up to 70 tokens need 18 blocks of 4 tokens; the KV cache has 15 that aren't pinned.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(21, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 40, maxTokens: 21)))).Count);
    }

    [Fact]
    public async Task A_pin_that_would_leave_too_little_for_a_request_that_is_here_is_refused()
    {
        await using LlmEngine engine = Given.Engine(blocks: 30, maxModelLen: 110);
        Task<RequestException> refused;
        using (var gate = new StepGate(engine, 3))
        {
            GenerationStream large = engine.Submit(Given.Request(prompt: 40, maxTokens: 60));
            await Given.Until(() => gate.Holds);
            refused = Refused(engine, Long(60));
        }

        Assert.Contains("can't be pinned", (await refused).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drained_engine_does_not_wait_for_pins()
    {
        await using LlmEngine engine = Given.Engine();
        await engine.PinAsync(System);
        await engine.DrainAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_pin_takes_its_turn_among_the_requests()
    {
        var engine = new StubEngine(blocks: 30, blockSize: 4, budget: 8);
        SequenceGroup old = engine.Submit(prompt: 15, maxTokens: 40), pin = engine.Pin([.. Long(40)]), late = engine.Submit(prompt: 15, maxTokens: 40);
        while (pin.State != GroupState.Pinned) engine.Run(1);
        Assert.Equal((40, GroupState.Running), (pin.Leader.Computed, old.State));
        while (engine.Step()) { }
        Assert.Equal((GroupState.Finished, GroupState.Finished, 10), (old.State, late.State, engine.Pool.Used));
    }

    [Theory]
    [InlineData(PreemptionMode.Recompute)]
    [InlineData(PreemptionMode.Swap)]
    public void A_request_that_pins_have_left_too_little_for_fails_and_does_not_hang(PreemptionMode mode)
    {
        var engine = new StubEngine(blocks: 20, blockSize: 4, settings: new() { Preemption = mode, HostBlocks = 100, GrowthTokens = 0, ResumeTokens = 0 });
        engine.Pin([.. Long(40)]);
        SequenceGroup tooLarge = engine.Submit(prompt: 15, maxTokens: 40), waits = engine.Submit(prompt: 15, maxTokens: 10);
        while (engine.Step()) { }
        Assert.Contains("pinned meanwhile", Assert.IsType<RoomPinnedException>(tooLarge.Failure()).Message, StringComparison.Ordinal);
        Assert.Equal((10, 10), (waits.OutputLength(0), engine.Pool.Used));
    }

    private static int[] Long(int tokens) => [.. Enumerable.Range(0, tokens).Select(i => 1 + i * 11 % 39)];

    private static Task<RequestException> Refused(LlmEngine engine, int[] prefix) => Assert.ThrowsAsync<RequestException>(() => engine.PinAsync(prefix));

    private static int[] Cached(StubEngine engine, int[] prompt, params string[] salts)
    {
        SequenceGroup[] readers = [.. salts.Select(salt => engine.Submit(Given.Request(prompt: 1, maxTokens: 2) with { Prompt = prompt, CacheSalt = salt }))];
        while (engine.Step()) { }
        return [.. readers.Select(reader => reader.CachedTokens)];
    }

    private static async Task<int> Cached(LlmEngine engine, string salt, int[]? beginning = null)
    {
        GenerationRequest request = Given.Request(prompt: 3, maxTokens: 2);
        GenerationStream stream = engine.Submit(request with { Prompt = (int[])[.. beginning ?? System, .. request.Prompt.Span], CacheSalt = salt });
        await Given.ReadAll(stream);
        return stream.CachedTokens;
    }
}
