namespace Folio.Simulation;

/// <summary>When one request was served. Seconds from the start.</summary>
public readonly record struct ServedRequest(double Arrival, double FirstToken, double End, int PromptTokens, int OutputTokens)
{
    public double TimeToFirstToken => FirstToken - Arrival;

    /// <summary>The paper's measure: seconds from arrival to end, by token of the output.</summary>
    public double NormalizedLatency => (End - Arrival) / OutputTokens;
}

/// <summary>What came of a workload.</summary>
public sealed class SimulationResult
{
    /// <summary>In order of their ends.</summary>
    public required IReadOnlyList<ServedRequest> Served { get; init; }

    /// <summary>When the last one ended.</summary>
    public required double Seconds { get; init; }

    public required long Steps { get; init; }

    public required long Preemptions { get; init; }

    /// <summary>Sequences in a step, averaged over the steps that began while requests still came.</summary>
    public required double MeanSequences { get; init; }

    /// <summary>Requests that run, averaged over the time in which requests still came.</summary>
    public required double MeanRequests { get; init; }

    /// <summary>Token rows in a step.</summary>
    public required double MeanTokens { get; init; }

    public required MemoryUse Memory { get; init; }

    /// <summary>Seconds between two tokens of a sequence.</summary>
    public required Histogram Gaps { get; init; }

    public Histogram FirstTokens
    {
        get
        {
            var times = new Histogram();
            foreach (ServedRequest request in Served) times.Add(request.TimeToFirstToken);
            return times;
        }
    }

    /// <summary>Tokens said a second.</summary>
    public double TokensPerSecond => OutputTokens / Seconds;

    /// <summary>Tokens said, of all sequences.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>The paper's normalized latency: the mean over requests of (end − arrival) / output length.</summary>
    public double NormalizedLatency => Served.Count == 0 ? 0 : Served.Average(request => request.NormalizedLatency);
}
