namespace Folio.Engine.Tests;

/// <summary>Fair share between tenants (S17), as "Fairness in Serving Large Language Models" (OSDI 2024) defines it: prompt tokens count once, an answer's twice.</summary>
public sealed class FairTests(ITestOutputHelper output)
{
    private static readonly SchedulerSettings Fair = new() { Policy = SchedulingPolicy.Fair, GrowthTokens = 0, ResumeTokens = 0 };

    [Fact]
    public void Ten_times_the_load_gets_no_more_service_while_both_wait()
    {
        var engine = new StubEngine(sequences: 4, settings: Fair);
        var service = new Service(engine);
        for (int i = 0; i < 200; i++) service.Submit("heavy", prompt: 8, maxTokens: 12);
        for (int i = 0; i < 40; i++) service.Submit("light", prompt: 8, maxTokens: 12);
        while (service.Waiting("light") > 0) engine.Run(1);

        double ratio = (double)service.Of("heavy") / service.Of("light");
        output.WriteLine($"200 requests against 40: service {service.Of("heavy")} to {service.Of("light")}, ratio {ratio:0.000}");
        Assert.InRange(ratio, 0.9, 1.1);
        Assert.True(service.Waiting("heavy") > 100);
        engine.RunToEnd();
    }

    /// <summary>All are admitted at once, and then it is blocks that are short: whose tenant has had most gives way, and comes back last.</summary>
    [Theory]
    [InlineData(SchedulingPolicy.Fair)]
    [InlineData(SchedulingPolicy.Fcfs)]
    public void A_light_tenant_ends_early_when_it_is_blocks_that_are_short_and_only_with_the_fair_policy(SchedulingPolicy policy)
    {
        var engine = new StubEngine(blocks: 120, sequences: 64, settings: Fair with { Policy = policy });
        var service = new Service(engine);
        SequenceGroup[] heavy = [.. Enumerable.Range(0, 40).Select(_ => service.Submit("heavy", prompt: 8, maxTokens: 60))];
        engine.Run(2);
        SequenceGroup[] light = [.. Enumerable.Range(0, 3).Select(_ => service.Submit("light", prompt: 8, maxTokens: 60))];
        while (light.Any(group => group.State != GroupState.Finished)) engine.Run(1);
        int ended = heavy.Count(group => group.State == GroupState.Finished);
        output.WriteLine($"{policy}: {ended} of 40 heavy requests ended before the 3 light ones; {heavy.Sum(group => group.Preemptions)} preemptions of heavy ones, {light.Sum(group => group.Preemptions)} of light ones");
        if (policy == SchedulingPolicy.Fair) Assert.InRange(ended, 0, 10);
        else Assert.InRange(ended, 30, 40);
        engine.RunToEnd();
    }

    [Fact]
    public void First_come_first_served_would_have_let_it()
    {
        var engine = new StubEngine(sequences: 4);
        var service = new Service(engine);
        for (int i = 0; i < 220; i++) service.Submit(i % 11 == 10 ? "light" : "heavy", prompt: 8, maxTokens: 12);
        engine.Run(300);
        Assert.InRange((double)service.Of("heavy") / service.Of("light"), 8, 12);
    }

    [Fact]
    public void Service_is_counted_in_tokens_not_in_requests()
    {
        var engine = new StubEngine(sequences: 4, settings: Fair);
        var service = new Service(engine);
        for (int i = 0; i < 60; i++) service.Submit("long answers", prompt: 4, maxTokens: 38);   // 80 of service each
        for (int i = 0; i < 400; i++) service.Submit("long prompts", prompt: 14, maxTokens: 3);  // 20
        while (service.Waiting("long answers") > 0 && service.Waiting("long prompts") > 0) engine.Run(1);
        Assert.InRange((double)service.Of("long answers") / service.Of("long prompts"), 0.85, 1.15);
    }

    [Fact]
    public void Whoever_comes_back_after_a_pause_has_saved_nothing_up()
    {
        var engine = new StubEngine(sequences: 2, settings: Fair);
        var service = new Service(engine);
        service.Submit("pausing", prompt: 8, maxTokens: 4);
        for (int i = 0; i < 100; i++) service.Submit("steady", prompt: 8, maxTokens: 12);
        engine.Run(200); // steady is served alone, far beyond what pausing ever had
        for (int i = 0; i < 60; i++) service.Submit("pausing", prompt: 8, maxTokens: 12);
        long steady = service.Of("steady"), pausing = service.Of("pausing");
        engine.Run(150);
        Assert.InRange((double)(service.Of("steady") - steady) / (service.Of("pausing") - pausing), 0.75, 1.33);
    }

    [Fact]
    public void Nobody_starves_among_many_that_keep_coming()
    {
        var engine = new StubEngine(sequences: 3, settings: Fair);
        var service = new Service(engine);
        for (int i = 0; i < 50; i++) service.Submit("old", prompt: 8, maxTokens: 12);
        SequenceGroup one = service.Submit("rare", prompt: 8, maxTokens: 12);
        for (int step = 0; one.State == GroupState.Waiting; step++)
        {
            Assert.True(step < 100, "the rare tenant starves");
            service.Submit($"new {step}", prompt: 2, maxTokens: 3);
            engine.Run(1);
        }
    }

    [Fact]
    public void One_tenant_alone_gets_every_place()
    {
        var engine = new StubEngine(sequences: 4, settings: Fair);
        var service = new Service(engine);
        service.Submit("gone", prompt: 8, maxTokens: 1);
        engine.RunToEnd();
        SequenceGroup[] groups = [.. Enumerable.Range(0, 12).Select(_ => service.Submit("alone", prompt: 8, maxTokens: 12))];
        engine.Model.BeforeStep += _ => Assert.True(engine.Scheduler.Running == 4 || engine.Scheduler.Waiting == 0, "a place is left empty");
        engine.RunToEnd();
        Assert.Equal(groups, engine.Ended.Skip(1));
    }

    [Fact]
    public async Task Who_pins_is_charged_for_it()
    {
        using var gate = new SemaphoreSlim(0);
        await using LlmEngine engine = Given.Engine(
            sequences: 1, prepare: model => model.BeforeStep = _ => gate.Wait(TimeSpan.FromSeconds(30)), options: options => options with { SchedulingPolicy = SchedulingPolicy.Fair });
        Task running = ReadAs("other", maxTokens: 3);
        await Given.Until(() => engine.Metrics.RequestsRunning.Value == 1);
        Task<PinnedPrefix> pin = engine.PinAsync(new PinRequest { Prefix = new int[40], Tenant = "pins" });
        Task pins = ReadAs("pins", maxTokens: 150), quiet = ReadAs("quiet", maxTokens: 3);
        await Given.Until(() =>
        {
            gate.Release();
            return quiet.IsCompleted;
        });
        Assert.True(pin.IsCompleted);
        Assert.False(pins.IsCompleted);
        gate.Release(1000);
        await Task.WhenAll(running, pin, pins);

        async Task ReadAs(string tenant, int maxTokens) => await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens) with { Tenant = tenant }));
    }

    [Fact]
    public void Tenants_that_have_nothing_to_remember_are_forgotten()
    {
        var policy = new FairPolicy();
        var pool = new Paging.BlockPool(8, 4);
        var stays = Group("stays");
        policy.Add(stays);
        for (int i = 0; i < 5000; i++)
        {
            SequenceGroup passing = Group($"tenant {i}");
            policy.Add(passing);
            policy.Remove(passing); // gave up before it was served
        }

        Assert.InRange(policy.Tenants, 1, 1025);
        Assert.Same(stays, policy.Next);

        SequenceGroup Group(string tenant) => new(Given.Request(prompt: 2, maxTokens: 2) with { Tenant = tenant }, 4, [0], pool, 1, new RequestOutlet());
    }

    [Fact]
    public void Tenants_that_were_served_once_are_forgotten_in_time()
    {
        var policy = new FairPolicy();
        var pool = new Paging.BlockPool(8, 4);
        for (int i = 0; i < 5000; i++)
        {
            var group = new SequenceGroup(Given.Request(prompt: 10, maxTokens: 20) with { Tenant = $"tenant {i}" }, 30, [0], pool, 1, new RequestOutlet());
            policy.Add(group);
            policy.Admit(group);
            for (int token = 0; token < 20; token++) policy.Served(group);
            policy.Ended(group);
        }

        Assert.InRange(policy.Tenants, 1, 1024 + 20);
    }

    /// <summary>What each tenant has got, in weighted tokens: counted from the groups, not by the policy.</summary>
    private sealed class Service(StubEngine engine)
    {
        private readonly List<SequenceGroup> _groups = [];

        public SequenceGroup Submit(string tenant, int prompt, int maxTokens)
        {
            SequenceGroup group = engine.Submit(Given.Request(prompt, maxTokens) with { Tenant = tenant });
            _groups.Add(group);
            return group;
        }

        public int Waiting(string tenant) => _groups.Count(group => group.Tenant == tenant && group.State is (GroupState.Waiting or GroupState.Arriving));

        public long Of(string tenant) => _groups
            .Where(group => group.Tenant == tenant && group.State is (GroupState.Running or GroupState.Finished))
            .Sum(group => group.PromptLength + 2L * group.Sequences.Sum(sequence => sequence.OutputLength));
    }
}
