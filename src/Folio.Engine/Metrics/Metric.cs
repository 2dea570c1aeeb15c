namespace Folio.Engine;

/// <summary>One figure that is watched from outside. Reading and writing are thread-safe.</summary>
/// <param name="name">Prometheus name.</param>
/// <param name="help">What it counts, in a sentence.</param>
public abstract class Metric(string name, string help)
{
    public string Name { get; } = name;

    public string Help { get; } = help;

    /// <summary>When it began to count.</summary>
    public DateTimeOffset CreatedAt { get; } = DateTimeOffset.UtcNow;

    /// <summary>A label of this series among those of the same name; null: the only one.</summary>
    public (string Name, string Value)? Label { get; init; }
}

/// <summary>Only grows.</summary>
public sealed class Counter(string name, string help) : Metric(name, help)
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public void Add(long amount) => Interlocked.Add(ref _value, amount);
}

/// <summary>Goes up and down.</summary>
/// <param name="name">Prometheus name.</param>
/// <param name="help">What it measures, in a sentence.</param>
/// <param name="parts">It is the sum of these; none: it is what it is set to.</param>
public sealed class Gauge(string name, string help, params Gauge[] parts) : Metric(name, help)
{
    private double _value;

    public double Value => parts.Length == 0 ? Volatile.Read(ref _value) : parts.Sum(part => part.Value);

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double amount)
    {
        double value = Volatile.Read(ref _value), seen;
        while ((seen = Interlocked.CompareExchange(ref _value, value + amount, value)) != value) value = seen;
    }
}

/// <summary>How often values fell under each bound.</summary>
/// <param name="name">Prometheus name.</param>
/// <param name="help">What it counts, in a sentence.</param>
/// <param name="bounds">Upper bounds of the buckets, ascending; above the last one follows +∞.</param>
public sealed class Histogram(string name, string help, IReadOnlyList<double> bounds) : Metric(name, help)
{
    private readonly double[] _bounds = [.. bounds];
    private readonly long[] _counts = new long[bounds.Count + 1]; // [bounds + 1] values in each bucket alone
    private double _sum;

    public IReadOnlyList<double> Bounds => _bounds;

    public double Sum => Volatile.Read(ref _sum);

    public void Observe(double value)
    {
        int bucket = Array.BinarySearch(_bounds, value);
        Interlocked.Increment(ref _counts[bucket < 0 ? ~bucket : bucket]);
        double sum = Volatile.Read(ref _sum), seen;
        while ((seen = Interlocked.CompareExchange(ref _sum, sum + value, sum)) != sum) sum = seen;
    }

    /// <summary>[bounds + 1] values up to each bound, the last one all: Prometheus' buckets.</summary>
    public long[] CumulativeCounts()
    {
        var counts = new long[_counts.Length];
        long total = 0;
        for (int i = 0; i < counts.Length; i++) counts[i] = total += Interlocked.Read(ref _counts[i]);
        return counts;
    }
}
