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
    private readonly List<ServedRequest> _served = [];
    private double _loadedSeconds;
    private double _loadedRequests;

    /// <summary>In order of their ends.</summary>
    public IReadOnlyList<ServedRequest> Served => _served;

    public long Steps { get; private set; }

    /// <summary>Tokens said, of all sequences.</summary>
    public long OutputTokens { get; private set; }

    /// <summary>Tokens said a step, over all steps.</summary>
    public double TokensPerStep => OutputTokens / Math.Max(1.0, Steps);

    public double TokensPerSecond => OutputTokens / Seconds;

    /// <summary>Requests that were given up.</summary>
    public int Unserved { get; private set; }

    /// <summary>Requests that could never run, and were refused.</summary>
    public int Rejected { get; private set; }

    /// <summary>When the last one ended.</summary>
    public double Seconds { get; private set; }

    public long Preemptions { get; private set; }

    /// <summary>Requests that run, averaged over the time in which requests still came. Where nothing is shared, each sample is one.</summary>
    public double MeanRequests => _loadedRequests / Math.Max(double.Epsilon, _loadedSeconds);

    public MemoryUse Memory { get; } = new();

    /// <summary>What sharing saves among the sequences of a request. Looked at where a request has more than one.</summary>
    public SharingUse Sharing { get; } = new();

    /// <summary>Seconds between two tokens of a sequence.</summary>
    public Histogram Gaps { get; } = new();

    /// <summary>Seconds from arrival to the first token.</summary>
    public Histogram FirstTokens { get; } = new();

    /// <summary>Prompt tokens that the prefix cache had, of all that were served.</summary>
    public long CachedTokens { get; private set; }

    /// <summary>Seconds from arrival to end.</summary>
    public double MeanSeconds => Served.Count == 0 ? 0 : Served.Average(request => request.End - request.Arrival);

    public double MeanPromptTokens => Served.Count == 0 ? 0 : Served.Average(request => request.PromptTokens);

    public double MeanOutputTokens => Served.Count == 0 ? 0 : Served.Average(request => request.OutputTokens);

    /// <summary>The paper's normalized latency: the mean over requests of (end − arrival) / output length. Infinite if some were given up or refused.</summary>
    public double NormalizedLatency => Unserved + Rejected > 0 ? double.PositiveInfinity : Served.Count == 0 ? 0 : Served.Average(request => request.NormalizedLatency);

    internal void Count(in StepWork work)
    {
        Steps++;
        OutputTokens += work.Samples;
    }

    internal void ObserveLoaded(double seconds, int running)
    {
        _loadedSeconds += seconds;
        _loadedRequests += seconds * running;
    }

    internal void Add(in ServedRequest request, int cachedTokens)
    {
        _served.Add(request);
        CachedTokens += cachedTokens;
        FirstTokens.Add(request.TimeToFirstToken);
    }

    internal void Refuse() => Rejected++;

    internal void End(double seconds, int unserved, long preemptions) => (Seconds, Unserved, Preemptions) = (seconds, unserved, preemptions);
}
