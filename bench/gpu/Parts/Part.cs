namespace Folio.GpuBench;

/// <summary>One thing to do, which writes its own results.</summary>
internal sealed record Item(string Name, Action<ResultLog> Run);

/// <summary>What is done in a process of its own, item by item. What breaks the process costs the item that did, and the next one begins with the next process.</summary>
/// <param name="options">The run's.</param>
internal abstract class Part(Options options)
{
    /// <summary>Always the same, in the same order.</summary>
    public abstract IEnumerable<Item> Items { get; }

    protected Options Options => options;
}
