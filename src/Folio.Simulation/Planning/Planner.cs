using Folio.Engine;

namespace Folio.Simulation;

/// <summary>What a plan starts from.</summary>
/// <param name="Deployment">One group of devices with the model.</param>
/// <param name="Workload">Requests as they come; the plan changes only their rate.</param>
/// <param name="ServiceLevel">What must be kept.</param>
/// <param name="Options">Token budget, sequences, block size: as the engine would be started.</param>
public sealed record PlanRequest(Deployment Deployment, Workload Workload, ServiceLevel ServiceLevel, EngineOptions Options);

/// <summary>What one group of devices sustains.</summary>
/// <param name="Rate">Requests a second; 0: not even one by one is the service level kept.</param>
/// <param name="AtRate">What users get at that rate; where it is 0, what they get when requests come one by one.</param>
/// <param name="Requests">Requests that were simulated.</param>
/// <param name="TooLong">Requests of the workload that are longer than the model's context or the cache, and were left out.</param>
public sealed record CapacityPlan(double Rate, SimulationResult AtRate, int Requests, int TooLong, Deployment Deployment)
{
    /// <summary>Devices that serve a load, in whole groups; null where none would.</summary>
    /// <param name="load">Requests a second.</param>
    public long? DevicesFor(double load) => Rate <= 0 ? null : (long)Math.Ceiling(load / Rate) * Deployment.Devices;
}

/// <summary>How many requests a second a group of devices serves within a service level: found by simulating the engine at one rate after another.</summary>
/// <remarks>
/// Any rate can be survived for a moment, so a rate is kept up for a while, and all that has come is then served to its end: a rate that is too high is known by first tokens
/// that come too late, however long answers are. A workload that is over too soon is repeated.
/// </remarks>
public static class Planner
{
    /// <summary>A rate at which hardly any two requests meet.</summary>
    private const double OneByOne = 1e-3;

    /// <summary>Seconds that a rate is kept up for at least.</summary>
    private const double LeastSeconds = 30;

    /// <summary>And so many times as long as a first token may take: a queue that grows by a twentieth of what comes is noticed.</summary>
    private const double FirstTokens = 20;

    /// <summary>And so many times as long as an answer takes: before the first answers end, batch and cache are still filling.</summary>
    private const double Answers = 3;

    /// <exception cref="FolioException">No request of the workload fits the model.</exception>
    public static CapacityPlan Plan(PlanRequest request)
    {
        SimulatedEngine engine = Engine(request);
        int longest = engine.MaxModelLen;
        SimulatedRequest[] fitting = [.. request.Workload.Requests.Where(one => (long)one.PromptTokens + one.OutputTokens <= longest)];
        if (fitting.Length < 2) throw new FolioException($"{request.Workload.Name}: fewer than two of its requests fit a context of {longest} tokens.");
        Workload workload = request.Workload with { Requests = fitting };
        SimulationResult? best = null;
        double bestRate = 0;
        double rate = RateSearch.Highest(Sustains, start: Guess(engine, workload));
        best ??= Run(OneByOne);
        return new(rate, best, fitting.Length, request.Workload.Requests.Count - fitting.Length, request.Deployment);

        bool Sustains(double rate)
        {
            SimulationResult result = Run(rate);
            if (!request.ServiceLevel.IsKept(result)) return false;
            if (rate > bestRate) (best, bestRate) = (result, rate);
            return true;
        }

        SimulationResult Run(double rate)
        {
            for (double seconds = Math.Max(LeastSeconds, FirstTokens * request.ServiceLevel.FirstToken); ; seconds *= 2)
            {
                Workload lasting = workload.AtRate(rate).Lasting(seconds);
                SimulationResult result = new Simulator(engine).Run(lasting);
                if (!request.ServiceLevel.IsKept(result) || lasting.Duration + 1 / rate >= Answers * result.MeanSeconds) return result;
            }
        }
    }

    /// <summary>The engine as it would be started on the devices, with their KV cache and a host of today.</summary>
    internal static SimulatedEngine Engine(PlanRequest request)
    {
        Deployment deployment = request.Deployment;
        int blockSize = request.Options.BlockSize, blocks = deployment.Blocks(blockSize);
        return new()
        {
            System = ServingSystem.Paged with { PrefixCaching = request.Options.EnablePrefixCaching, Preemption = request.Options.PreemptionMode, HostBlocks = HostBlocks(request), MaxPrefillStall = request.Options.MaxPrefillStall },
            Cost = deployment.Cost(HostOverhead.Modern, blockSize),
            Blocks = blocks,
            BlockSize = blockSize,
            MaxModelLen = Math.Min(request.Options.MaxModelLen ?? deployment.Model.ContextLength, blocks * blockSize),
            Limits = StepLimits.For(request.Options),
        };
    }

    /// <summary>What the engine would take for preempted requests: the host is thought to have that much.</summary>
    private static int HostBlocks(PlanRequest request)
    {
        long bytesPerBlock = (long)(request.Deployment.Model.KvBytesPerToken * request.Options.BlockSize);
        return SwapPlan.Create(request.Options, request.Deployment.Blocks(request.Options.BlockSize) * bytesPerBlock / 4, bytesPerBlock, availableBytes: long.MaxValue).HostBlocks;
    }

    /// <summary>A rate of the right order: half of what full batches of the mean request would reach.</summary>
    private static double Guess(SimulatedEngine engine, Workload workload)
    {
        double prompt = workload.Requests.Average(request => request.PromptTokens), output = workload.Requests.Average(request => request.OutputTokens), held = prompt + output / 2;
        int batch = (int)Math.Clamp(engine.Blocks * (double)engine.BlockSize / held, 1, engine.Limits.Sequences);
        double decode = engine.Cost.Seconds(new(batch, batch, (long)(batch * held), (long)(batch * held), batch)) * output / batch;
        double prefill = engine.Cost.Seconds(new((int)prompt, 1, (long)prompt, (long)(prompt * prompt / 2), 1));
        return 0.5 / (decode + prefill);
    }
}
