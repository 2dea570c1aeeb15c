namespace Folio.Paging;

/// <summary>Copy-on-write: the content of <paramref name="Source"/> must be in <paramref name="Destination"/> before the step writes.</summary>
public readonly record struct BlockCopy(int Source, int Destination);

/// <summary>The block copies that one step needs, gathered for one batched call.</summary>
/// <remarks>
/// No destination of a step is the source or the destination of another of its copies, so they may run in any order: a destination was free when it was
/// taken and its table writes it alone.
/// </remarks>
public sealed class CopyList(int capacity)
{
    private BlockCopy[] _copies = new BlockCopy[Math.Max(1, capacity)];

    public int Count { get; private set; }

    public ReadOnlySpan<BlockCopy> Copies => _copies.AsSpan(0, Count);

    public void Add(int source, int destination)
    {
        if (Count == _copies.Length) Array.Resize(ref _copies, Count * 2);
        _copies[Count++] = new(source, destination);
    }

    /// <summary>Forgets all copies after the first <paramref name="count"/>: those of a group that was preempted after all.</summary>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Count, nameof(count));
        Count = count;
    }
}
