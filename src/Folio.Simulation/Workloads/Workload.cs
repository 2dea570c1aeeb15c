namespace Folio.Simulation;

/// <summary>Requests in order of arrival, and where they come from.</summary>
public sealed record Workload(string Name, IReadOnlyList<SimulatedRequest> Requests)
{
    /// <summary>Seconds from the first arrival to the last.</summary>
    public double Duration => Requests.Count == 0 ? 0 : Requests[^1].Arrival - Requests[0].Arrival;

    /// <summary>Requests a second.</summary>
    public double Rate => Requests.Count < 2 ? 0 : (Requests.Count - 1) / Duration;

    /// <summary>The same requests in the same order, at another rate: all gaps are stretched or shrunk alike, so bursts stay bursts.</summary>
    public Workload AtRate(double rate)
    {
        double factor = Rate / rate, first = Requests.Count == 0 ? 0 : Requests[0].Arrival;
        return this with { Requests = [.. Requests.Select(request => request with { Arrival = (request.Arrival - first) * factor })] };
    }

    /// <summary>The first requests alone.</summary>
    public Workload First(int count) => count >= Requests.Count ? this : this with { Name = $"{Name}, the first {count} of {Requests.Count}", Requests = [.. Requests.Take(count)] };

    /// <summary>The same again and again until it lasts so long. What repeats is other text: a later round finds nothing of an earlier one in a cache.</summary>
    public Workload Lasting(double seconds)
    {
        double round = Duration + 1 / Rate;
        int rounds = (int)Math.Ceiling(seconds / round);
        if (rounds <= 1) return this;
        return this with
        {
            Requests = [.. Enumerable.Range(0, rounds).SelectMany(number => Requests.Select(request => request with { Arrival = request.Arrival + number * round, Round = number }))],
        };
    }
}
