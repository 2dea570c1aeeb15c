using System.Diagnostics;
using Folio.Engine;
using Folio.Paging;

namespace Folio.Bench;

/// <summary>The host's work of a step beside the model and the sampling: planning, laying out the batch, commit, appending the tokens; and with the rest of the loop's turn.</summary>
internal static class HostBench
{
    private const int Running = 256, Waiting = 10_000, BlockSize = 16, Context = 512, Output = 256, Tenants = 100;
    private const int WarmUp = 60, Steps = 20;

    public static void Run(int repeats)
    {
        Console.WriteLine($"{Running} sequences running, {Waiting} requests waiting, contexts of {Context} and more; a step of one token each; best and median of {repeats} × {Steps} steps");
        Console.WriteLine("| policy | prefix cache | pool | best µs | median µs | bytes allocated a step |");
        Console.WriteLine("| --- | --- | --- | ---: | ---: | ---: |");
        Measure(SchedulingPolicy.Fcfs, prefixCaching: true, full: true, repeats); // the first of all pays for the compiler's second look too
        foreach (SchedulingPolicy policy in Enum.GetValues<SchedulingPolicy>())
        {
            foreach (bool prefixCaching in (bool[])[false, true])
            {
                foreach (bool full in (bool[])[false, true])
                {
                    Measure(policy, prefixCaching, full, repeats); // the compiler's first looks
                    Thread.Sleep(300);
                    (double best, double median, double bytes) = Measure(policy, prefixCaching, full, repeats);
                    Console.WriteLine($"| {policy} | {(prefixCaching ? "on" : "off")} | {(full ? "full" : "ample")} | {best:F1} | {median:F1} | {bytes:F1} |");
                }
            }
        }

        Console.WriteLine();
        Console.WriteLine("| the loop's whole turn, with a model that takes no time | best µs | median µs | bytes allocated a turn |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        for (int i = 0; i < 4; i++) MeasureLoop(runsBeside: i % 2 == 0, repeats); // the compiler's first looks
        Thread.Sleep(300);
        foreach (bool runsBeside in (bool[])[false, true])
        {
            (double best, double median, double bytes) = MeasureLoop(runsBeside, repeats);
            Console.WriteLine($"| {(runsBeside ? "overlapped" : "plain")} | {best:F1} | {median:F1} | {bytes:F1} |");
        }
    }

    /// <summary>Turns of the loop itself: messages, the step, its tokens to their requests' channels, which are read between measurements.</summary>
    internal static (double Best, double Median, double Bytes) MeasureLoop(bool runsBeside, int repeats)
    {
        int blocks = Running * ((Context + Output) / BlockSize + 2), most = Context + Output;
        var limits = StepLimits.For(new() { MaxNumSeqs = Running, MaxNumBatchedTokens = 8192 });
        var pool = new BlockPool(blocks, BlockSize, prefixCaching: true);
        var metrics = new EngineMetrics(most);
        var costs = StepCosts.For(1);
        var runner = new IdleRunner(runsBeside);
        var inbox = new RequestInbox();
        var loop = new EngineLoop(inbox, new Scheduler(pool, limits, most, new() { GrowthTokens = 0 }, costs, metrics), runner, new Sampler(runner, limits), costs, metrics);
        var random = new Random(1);
        SequenceGroup[] groups = [.. Enumerable.Range(0, Running).Select(i => Group(pool, random, Context, i))];
        foreach (SequenceGroup group in groups) inbox.Post(new(MessageKind.Submit, group, 0));
        for (int i = 0; i < WarmUp; i++) Turn();

        var micros = new double[repeats];
        long allocated = 0;
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Steps; i++) loop.Step();
            micros[repeat] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Steps;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Read();
        }

        Array.Sort(micros);
        return (micros[0], micros[repeats / 2], allocated / ((double)Steps * repeats));

        void Turn()
        {
            loop.Step();
            Read();
        }

        void Read()
        {
            foreach (SequenceGroup group in groups)
            {
                while (group.Outlet.Events.TryRead(out _)) { }
            }
        }
    }

    /// <param name="full">The sequence limit is not reached, but whoever is next wants more blocks than there are: that is found out in each step.</param>
    private static (double Best, double Median, double Bytes) Measure(SchedulingPolicy policy, bool prefixCaching, bool full, int repeats)
    {
        int blocks = Running * ((Context + Output) / BlockSize + 2), most = blocks * BlockSize;
        var limits = StepLimits.For(new() { MaxNumSeqs = full ? 2 * Running : Running, MaxNumBatchedTokens = 8192 });
        var pool = new BlockPool(blocks, BlockSize, prefixCaching);
        var scheduler = new Scheduler(pool, limits, most, new() { Policy = policy, GrowthTokens = 0 }, StepCosts.For(1), new EngineMetrics(most));
        var random = new Random(1);
        for (int i = 0; i < Running; i++) scheduler.Add(Group(pool, random, Context, i));
        while (scheduler.Running < Running) Step(scheduler);
        for (int i = 0; i < Waiting; i++) scheduler.Add(Group(pool, random, full && i < Tenants ? most - Output : Context, i));
        for (int i = 0; i < WarmUp; i++) Step(scheduler); // their prompts

        var micros = new double[repeats];
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Steps; i++) Step(scheduler);
            micros[repeat] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Steps;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (scheduler.Running != Running || scheduler.Waiting != Waiting) throw new InvalidOperationException($"{scheduler.Running} run and {scheduler.Waiting} wait");
        Array.Sort(micros);
        return (micros[0], micros[repeats / 2], allocated / ((double)Steps * repeats));
    }

    private static SequenceGroup Group(BlockPool pool, Random random, int prompt, int number)
    {
        var ids = new int[prompt];
        for (int i = 0; i < ids.Length; i++) ids[i] = random.Next(32_000);
        var request = new GenerationRequest { Prompt = ids, Sampling = new() { IgnoreEos = true }, Tenant = $"tenant {number % Tenants}", Priority = number % 10 };
        return new(request, prompt + Output, [], pool, 0, new RequestOutlet());
    }

    private static void Step(Scheduler scheduler)
    {
        StepPlan plan = scheduler.Schedule();
        scheduler.Commit();
        foreach (ref readonly PlannedSample sample in plan.Samples) sample.Sequence.Append(sample.Sequence.Length % 32_000);
    }
}
