using Folio.Simulation;

namespace Folio.Bench;

/// <summary>Requests for a server: lengths and arrivals. Their texts are <see cref="RandomPrompts"/>.</summary>
internal static class ServingWorkload
{
    // Lengths, arrivals and texts are drawn from streams of their own: the same seed at another rate brings the same requests.
    private const int ArrivalStream = 1, LengthStream = 2;

    /// <summary>Requests of one length, all there from the start.</summary>
    /// <param name="prefix">Tokens that all prompts begin with, before the <paramref name="input"/> tokens of their own.</param>
    public static Workload Random(int requests, int input, int output, int prefix, ulong seed)
    {
        var request = new SimulatedRequest(0, prefix + input, output) { SharedIds = prefix == 0 ? [] : [RandomPrompts.Number(seed, -1)], SharedIdTokens = Math.Max(1, prefix) };
        return new("random", [.. Enumerable.Repeat(request, requests)]);
    }

    /// <summary>Requests with lengths drawn like ShareGPT's, 2048 tokens at most, all there from the start.</summary>
    public static Workload ShareGpt(int requests, ulong seed)
    {
        Workload drawn = PaperWorkloads.ShareGpt(rate: 1, seconds: 2 * requests + 100, Draws.Mix(seed, LengthStream)).First(requests);
        return drawn with { Requests = [.. drawn.Requests.Select(request => request with { Arrival = 0 })] };
    }

    /// <summary>A recorded trace's first requests, when they came.</summary>
    /// <param name="most">Requests with more tokens, prompt and output together, are left out; null: none.</param>
    public static Workload Trace(string path, int requests, int? most)
    {
        Workload all = TraceFile.Read(path);
        if (most is null) return all.First(requests);
        Workload fitting = all with { Requests = [.. all.Requests.Where(request => request.PromptTokens + request.OutputTokens <= most)] };
        return fitting.Requests.Count > 0 ? fitting.First(requests) : throw new FolioException($"{path}: every request has more than the {most} tokens of --max-model-len.");
    }

    /// <summary>The same requests, arriving in a gamma process: 1 is Poisson's, below come bursts, above it is more even, infinity leaves equal gaps.</summary>
    /// <param name="rate">Requests a second; infinity: all at once.</param>
    /// <remarks>As in vLLM's benchmark the times are stretched so that the last request comes after requests / rate seconds, whatever was drawn.</remarks>
    public static Workload Arriving(this Workload workload, double rate, double burstiness, ulong seed)
    {
        if (double.IsPositiveInfinity(rate)) return workload with { Requests = [.. workload.Requests.Select(request => request with { Arrival = 0 })] };
        var draws = new Draws(Draws.Mix(seed, ArrivalStream));
        double[] arrivals = new double[workload.Requests.Count];
        double now = 0;
        for (int i = 0; i < arrivals.Length; i++) arrivals[i] = now += double.IsPositiveInfinity(burstiness) ? 1 : draws.NextGamma(burstiness, 1 / burstiness);
        double stretch = arrivals.Length / rate / now;
        return workload with { Requests = [.. workload.Requests.Select((request, i) => request with { Arrival = arrivals[i] * stretch })] };
    }
}
